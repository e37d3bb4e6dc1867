import type { Abort } from '../../kernel/abort.js';
import type { Gateway, GatewayTransport, UpstreamCredential } from '../../kernel/catalog.js';
import type { Era } from '../../kernel/mcp.js';
import type { UpstreamObserver, UpstreamRequest } from '../../kernel/upstream.js';
import type { Verdict } from './discover.js';

/** What an upstream said of itself in its `initialize` or `server/discover` result; the objects as JSON text. */
export interface Greeting {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly capabilities: string;
  readonly serverInfo: string | null;
  readonly instructions: string | null;
}

/** The client session that has an upstream session for itself, on whatever stream it has open. */
export type SessionOwner = Pick<UpstreamObserver, 'notification' | 'ask'>;

/** The client sessions that use a line together. */
export interface Sharers {
  /** One of them, by its id. */
  one(sessionId: string): SessionOwner | null;
  all(): readonly SessionOwner[];
}

/** How a connection is opened: once per pool key. */
export interface OpenOptions {
  readonly gateway: Gateway;
  readonly credential: UpstreamCredential;
  /** Environment of a stdio child; unused elsewhere. */
  readonly env: Readonly<Record<string, string>>;
  /** Client capabilities to declare, as JSON text. */
  readonly capabilities: string;
  /** `clientInfo` to send, as JSON text. */
  readonly clientInfo: string;
  /** Longest wait for connection and handshake, in ms. */
  readonly initTimeoutMs: number;
  /** What a modern upstream said of itself: nothing is left to agree on. Without it: `initialize`. */
  readonly modern?: Greeting | null;
  /** Hears and answers what belongs to no open request; `null` where several clients share the line. */
  readonly owner?: SessionOwner | null;
  /** Those who share the line; `null` where it has an owner, or no clients. */
  readonly sharers?: Sharers | null;
  /** Nobody waits for it any more: what has not begun need not. */
  readonly abort?: Abort;
  /** No client waits for it: it takes its place behind those for whom one does. */
  readonly givesWay?: boolean;
  /** Notifications that belong to no open request; `params` is the inside of the object. */
  onNotification(method: string, params: string): void;
  /**
   * Requests that belong to no open request and have no owner to go to. The answer is the inside of the reply envelope
   * (`"result":{…}` or `"error":{…}`).
   */
  onRequest(method: string, params: string): string;
  /** Any request of the upstream but `ping`, wherever it arrived: the Gateway asks its clients. */
  onAsks(): void;
  /** The connection ended by itself; it must not be used again. */
  onClosed(reason: string): void;
}

/** One open line to one upstream (one upstream session), already initialised. */
export interface UpstreamConnection {
  readonly greeting: Greeting;
  readonly isOpen: boolean;
  /** A client has a question of it, outside any call, that is not answered. */
  readonly isAsking?: boolean;
  /** The upstream keeps no session: nothing of one client can stick to it. */
  readonly isStateless?: boolean;
  /**
   * Sends one request under an id of our own and waits for its answer, the `result` as JSON text.
   * Timeouts and aborts are told to the upstream with `notifications/cancelled` and our id.
   * @throws UpstreamRpcError the upstream's own error
   * @throws SessionLostError when the upstream refused because it has forgotten the session
   * @throws GatewayError `upstream_unreachable` only if no byte of the request was sent, else
   *   `upstream_error` or `upstream_timeout` saying that the outcome is unknown; `cancelled`
   */
  request(request: UpstreamRequest): Promise<string>;
  /**
   * Sends a notification; `params` is the inside of its params object. Failures are ignored.
   * @returns settled once it is sent, or could not be
   */
  notify(method: string, params: string): Promise<void>;
  /**
   * Opens the stream for what the upstream says unasked, if the transport needs one.
   * @returns a promise for when it stands or is refused, where that takes time; a second at most
   */
  listen(): void | Promise<void>;
  /** Ends the session above: DELETE (405 is fine), or EOF and process group. */
  close(): Promise<void>;
}

/** One way of speaking to MCP servers; registered by transport, so that kinds are added, not switched. */
export interface ConnectionKind {
  readonly transport: GatewayTransport;
  /** Connects and initialises. @throws GatewayError `upstream_unreachable`, `upstream_error`, `upstream_timeout` */
  open(options: OpenOptions): Promise<UpstreamConnection>;
  /**
   * Finds out the era, on a line of its own; kinds without it are legacy.
   * @throws GatewayError when nothing can be told
   */
  probe?(options: OpenOptions): Promise<Verdict>;
  /** Drops what is remembered of a Gateway between its connections. */
  forget?(id: Gateway['id']): void;
}

/** The upstream no longer knows our session (404, 410, or 400 about the session): nothing has run. */
export class SessionLostError extends Error {
  constructor() {
    super('upstream session lost');
  }
}
