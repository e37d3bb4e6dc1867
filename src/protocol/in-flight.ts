import { Injectable } from '@nestjs/common';
import type { Call, Channel } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import { Gate } from '../kernel/gate.js';
import { takeOut } from '../kernel/take-out.js';
import { Config } from '../config/config.js';

interface Scope {
  readonly gate: Gate;
  /** In no order; equal ids are served independently. */
  readonly calls: Call[];
}

/** Reason of the aborts at the end of a drain. */
export const SHUTTING_DOWN = 'Shutting down';

/** Scopes beyond which those without a call are looked for and let go. */
const MANY_SCOPES = 1024;

/**
 * The requests in progress, by whose they are and the client's own id (PROTOCOL.md §4.3). A scope stays
 * for the next call of its session: see `takeOut` for what maps that churn cost.
 */
@Injectable()
export class InFlight {
  private readonly scopes = new Map<string, Scope>();
  private sweepAt = MANY_SCOPES;

  constructor(private readonly config: Config) {}

  /**
   * Enters a call; waits for room in its session.
   * @param isStanding whether it takes no place, because it stays for long
   * @throws GatewayError `overloaded`
   */
  enter(call: Call, isStanding = false): Promise<void> | undefined {
    const key = scopeOf(call);
    const scope = this.scopes.get(key) ?? this.newScope(key);
    scope.calls.push(call);
    if (isStanding) return undefined;
    const entered = scope.gate.enter(this.config.toolTimeoutMs, call.abort);
    if (entered === true) return undefined;
    return Promise.resolve(entered).then((isIn) => {
      if (isIn) return;
      takeOut(scope.calls, call);
      if (call.abort.aborted) throw new GatewayError('cancelled');
      throw new GatewayError(
        'overloaded',
        { what: 'Too many calls in flight in this session' },
        { retryAfterSeconds: 1 },
      );
    });
  }

  leave(call: Call, isStanding = false): void {
    const scope = this.scopes.get(scopeOf(call));
    if (scope === undefined) return;
    if (!isStanding) scope.gate.leave();
    takeOut(scope.calls, call);
  }

  /**
   * Cancels the one request with that id. Several with it: none, a wrong one would be worse
   * (PROTOCOL.md §4.4).
   * @returns whether one was cancelled
   */
  cancel(scopeKey: string, id: string, reason: string): boolean {
    const calls = this.scopes.get(scopeKey)?.calls.filter(({ message }) => message.id === id);
    const [call] = calls ?? [];
    if (call === undefined || calls?.length !== 1) return false;
    if (call.message.method === 'initialize') return false;
    call.abort.abort(reason);
    return true;
  }

  /** Cancels all requests of a session that has ended. */
  cancelAll(scopeKey: string, reason: string): void {
    for (const call of [...(this.scopes.get(scopeKey)?.calls ?? [])]) call.abort.abort(reason);
  }

  /** Whether anything of a session is in progress. */
  has(scopeKey: string): boolean {
    return (this.scopes.get(scopeKey)?.calls.length ?? 0) > 0;
  }

  /** How many requests are in progress. */
  get size(): number {
    let n = 0;
    for (const scope of this.scopes.values()) n += scope.calls.length;
    return n;
  }

  /** The end of a drain: what is still open gets the `draining` error. */
  shutDown(): void {
    for (const key of this.scopes.keys()) this.cancelAll(key, SHUTTING_DOWN);
  }

  private newScope(key: string): Scope {
    if (this.scopes.size >= this.sweepAt) this.sweep();
    const scope = { gate: new Gate(this.config.maxInFlightPerSession), calls: [] };
    this.scopes.set(key, scope);
    return scope;
  }

  private sweep(): void {
    for (const [key, scope] of this.scopes)
      if (scope.calls.length === 0 && scope.gate.isIdle) this.scopes.delete(key);
    this.sweepAt = Math.max(MANY_SCOPES, 2 * this.scopes.size);
  }
}

/** Who sends: what is known of a request, or of what refers to one. */
export type Sender = Pick<Call, 'client' | 'caller' | 'serverId'> & {
  readonly channel?: Pick<Channel, 'scope'>;
};

/** Whose request it is: the pipe, the session, or without either the principal at this Server. */
export function scopeOf({ channel, client, caller, serverId }: Sender): string {
  return channel?.scope ?? client.sessionId ?? `${caller.limiterKey}\u0000${serverId ?? ''}`;
}
