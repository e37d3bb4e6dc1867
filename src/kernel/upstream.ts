import type { Abort } from './abort.js';
import type { ClientView } from './call.js';
import type { Caller } from './caller.js';
import type { Gateway } from './catalog.js';
import type { Era, LogLevel } from './mcp.js';
import type { HeaderRecord } from './mirrored-headers.js';

/**
 * One request on its way up. `params` and `meta` are the *insides* of JSON objects, as text, so that
 * arguments are passed on as they arrived.
 */
export interface UpstreamRequest {
  readonly method: string;
  /** The upstream's own name of the tool, prompt or task, or the URI of the resource; '' for none. */
  readonly target: string;
  /** Inside of `params` without `_meta`: `"name":"echo","arguments":{"a":1}`; '' for none. */
  readonly params: string;
  /** Inside of `params._meta` without `progressToken`; '' for none. */
  readonly meta: string;
  readonly wantsProgress: boolean;
  /** `Mcp-*` headers of the client's own request, lower-case names; `null` where there are none. */
  readonly mirrored: HeaderRecord | null;
  /** Headers of the trace, names and values one after the other; `meta` says the same. */
  readonly trace?: readonly string[] | null;
  readonly caller: Caller;
  readonly client: ClientView;
  /** Least severe log message that the client asked for; `null` = it never did. */
  readonly logLevel: LogLevel | null;
  /** Hears what the upstream says before its answer; `null` when nobody listens. */
  readonly observer: UpstreamObserver | null;
  /** Aborted when the client cancelled or is gone: the upstream is told (PROTOCOL.md §4.4). */
  readonly abort: Abort;
  /** Longest silence in ms; progress, logs and server requests of this request reset it. */
  readonly silenceMs: number;
  /** Absolute end in ms from sending. */
  readonly totalMs: number;
  /** Where the requests of one course stay together; absent for most, which go anywhere. */
  readonly stay?: Stay | null;
}

/**
 * Keeps requests that belong together on one upstream session: upstreams may know what the first has
 * begun on the session it came on only. The driver fills it; whoever made it gives `held` back.
 */
export interface Stay {
  /** Ends the wait for a session to be opened, where the request itself must not be cancelled. */
  abort?: Abort | null;
  held: {
    /** Another one: what the upstream knew on the session is lost. */
    readonly connection: object | null;
    giveBack(): void;
  } | null;
}

/** The far side of an open request: the protocol of the client that waits for it. */
export interface UpstreamObserver {
  /** Least severe log message that is wanted; `null` = none (modern upstreams are told so). */
  readonly logLevel?: LogLevel | null;
  /** `notifications/progress`: the inside of its params without `progressToken`. */
  progress(params: string): void;
  /** Any other notification that belongs to this request; `params` is the inside of its params. */
  notification(method: string, params: string): void;
  /**
   * A request of the upstream to its client. `answer` takes the inside of the reply envelope:
   * `"result":{…}` or `"error":{…}`, and must be called exactly once.
   * @param progressed hears how far the client is, where the upstream wants to know: the inside of the
   *   params of each `notifications/progress` without `progressToken`
   * @returns a function that withdraws the question, should the upstream cancel it
   */
  ask(
    method: string,
    params: string,
    answer: (reply: string) => void,
    progressed?: (params: string) => void,
  ): () => void;
  /**
   * Whether whoever hears it has so much unread that no more should come yet; `caughtUp` is then
   * called once. Heard by those lines that can let one request wait without the others.
   */
  behind?(caughtUp: () => void): boolean;
  /** Hears its progress after its answer, where it goes on as a task; most have none. */
  readonly afterwards?: AfterProgress | null;
  /** The request is over; called before its answer is given, whatever that is. */
  end(): void;
}

/** Progress of a request that has its answer. */
export interface AfterProgress {
  /** Nothing more is wanted. */
  readonly isOver: boolean;
  /** The inside of its params without `progressToken`. */
  progress(params: string): void;
}

/** What an upstream answered: its `result` as JSON text, and the era whose shape it has. */
export interface UpstreamReply {
  readonly result: string;
  readonly era: Era;
}

/**
 * Speaks one kind of upstream. Built-in and plug-in drivers register in the DriverRegistry.
 * @throws UpstreamRpcError with the upstream's own error
 * @throws GatewayError `upstream_unreachable`, `upstream_timeout`, `upstream_error`, `cancelled`
 */
export interface Driver {
  readonly kind: string;
  request(gateway: Gateway, request: UpstreamRequest): Promise<UpstreamReply>;
}
