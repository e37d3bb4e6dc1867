import type { Actor, Caller } from './caller.js';

/**
 * A request of the control plane, as guards and interceptors see it: what the HTTP framework gives,
 * and what they add for those behind them.
 */
export interface ControlRequest {
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly 'user-agent'?: string | undefined;
    readonly [name: string]: string | string[] | undefined;
  };
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Set by the framework's request-id middleware. */
  readonly id?: unknown;
  /** Set by the auth guard; absent on public routes that nobody logged in to. */
  caller?: Caller;
  /** Set by the auth guard: the peer, or what a trusted proxy said. */
  clientIp?: string;
  /** Set by the audit metadata interceptor. */
  actor?: Actor;
}
