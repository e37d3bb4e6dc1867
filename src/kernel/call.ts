import type { Abort } from './abort.js';
import type { Caller } from './caller.js';
import type { CallId, ServerId } from './ids.js';
import type { Message } from './jsonrpc.js';
import type { HeaderRecord } from './mirrored-headers.js';
import type { Era, LogLevel, ModernRevision, Revision } from './mcp.js';

/** `rest` = a route of the API asks an upstream; it has no client of its own. */
export type TransportKind = 'http' | 'rpc' | 'sse' | 'ws' | 'stdio' | 'rest';

/** What a transport gives the protocol for one Call: a way back before the answer. */
export interface Channel {
  readonly transport: TransportKind;
  /** Whether notifications can be sent before the answer. */
  readonly canNotify: boolean;
  /** Whether requests can be sent to the client and their answers come back. */
  readonly canAsk: boolean;
  /** On pipes, names the connection: each client numbers its requests for itself. */
  readonly scope?: string;
  /** Sends one JSON-RPC message before the answer. @returns false when it was dropped */
  send(message: string): boolean;
  /**
   * Whether its reader has so much unread that no more should come yet; `caughtUp` is then called
   * once, when it has read that, or is gone.
   */
  behind?(caughtUp: () => void): boolean;
  /** On pipes, where the connection is the session: takes what `initialize` settled. */
  joined?(facts: ClientFacts): void;
}

/** What `initialize` says of a legacy client; the objects as JSON text. */
export interface ClientFacts {
  readonly revision: Revision;
  readonly capabilities: string;
  readonly clientInfo: string;
}

/** What is known of the client behind a Call: pool keys and capabilities upwards come from here. */
export interface ClientView {
  readonly era: Era;
  readonly revision: Revision | ModernRevision;
  /** Random id of its session; `null` where there is none (`/rpc`, stateless). */
  readonly sessionId: string | null;
  /** Its declared capabilities as JSON text, in the form it gave; `{}` when it can answer nothing. */
  readonly capabilities: string;
  /** What its session declared, where `capabilities` says less because this Call cannot be asked. */
  readonly declared?: string;
  /** Its `clientInfo` as JSON text. */
  readonly clientInfo: string | null;
  /** Modern: least severe log message this request wants, `null` = none. Legacy sessions keep theirs apart. */
  readonly logLevel: LogLevel | null;
}

/** The trace that a request is part of, as its sender wrote it (W3C Trace Context, Baggage). */
export interface IncomingTrace {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
}

/** One JSON-RPC request on its way. */
export interface Call {
  readonly id: CallId;
  readonly message: Message;
  readonly caller: Caller;
  readonly client: ClientView;
  /** The Server whose endpoint was used; `null` = everything the Caller may see. */
  readonly serverId: ServerId | null;
  /** `Mcp-*` headers of a modern HTTP request, lower-case names; `null` elsewhere. Compared, or passed on. */
  readonly mirrored: HeaderRecord | null;
  /** What the head of an HTTP request says of its trace; `null` where it says nothing. */
  readonly trace: IncomingTrace | null;
  readonly channel: Channel;
  readonly abort: Abort;
  /** Client address, for logs only. */
  readonly ip: string;
  /** Size of the request as it came. */
  readonly bytes: number;
}

/** How a call ended, for meters and the call log. */
export type Outcome = 'success' | 'error' | 'timeout' | 'denied' | 'rate_limited' | 'cancelled';
