import { Injectable } from '@nestjs/common';
import type { Call, Channel } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import { Gate } from '../kernel/gate.js';
import { Config } from '../config/config.js';

interface Scope {
  readonly gate: Gate;
  /** Calls by the client's id as written; equal ids are served independently. */
  readonly calls: Map<string, Call[]>;
  open: number;
}

/** Reason of the aborts at the end of a drain. */
export const SHUTTING_DOWN = 'Shutting down';

/** Scopes without a call that are kept for the next: most sessions have one call at a time. */
const MAX_SPARE = 64;

/** A session may have so many times its limit waiting. */
const WAITING_PER_PLACE = 4;

/** The requests in progress, by whose they are and the client's own id (PROTOCOL.md §4.3). */
@Injectable()
export class InFlight {
  private readonly scopes = new Map<string, Scope>();
  private readonly spare: Scope[] = [];

  constructor(private readonly config: Config) {}

  /**
   * Enters a call; waits for room in its session.
   * @param isStanding whether it takes no place, because it stays for long
   * @throws GatewayError `overloaded`
   */
  enter(call: Call, isStanding = false): Promise<void> | undefined {
    const key = scopeOf(call);
    const scope = this.scopes.get(key) ?? this.newScope(key);
    const id = call.message.id as string;
    const calls = scope.calls.get(id);
    if (calls === undefined) scope.calls.set(id, [call]);
    else calls.push(call);
    scope.open++;
    if (isStanding) return undefined;
    const entered = scope.gate.enter(this.config.toolTimeoutMs, call.abort);
    if (entered === true) return undefined;
    return Promise.resolve(entered).then((isIn) => {
      if (isIn) return;
      this.remove(key, scope, call);
      if (call.abort.aborted) throw new GatewayError('cancelled');
      throw new GatewayError(
        'overloaded',
        { what: 'Too many calls in flight in this session' },
        { retryAfterSeconds: 1 },
      );
    });
  }

  leave(call: Call, isStanding = false): void {
    const key = scopeOf(call);
    const scope = this.scopes.get(key);
    if (scope === undefined) return;
    if (!isStanding) scope.gate.leave();
    this.remove(key, scope, call);
  }

  /**
   * Cancels the one request with that id. Several with it: none, a wrong one would be worse
   * (PROTOCOL.md §4.4).
   * @returns whether one was cancelled
   */
  cancel(scopeKey: string, id: string, reason: string): boolean {
    const calls = this.scopes.get(scopeKey)?.calls.get(id);
    if (calls?.length !== 1) return false;
    const call = calls[0] as Call;
    if (call.message.method === 'initialize') return false;
    call.abort.abort(reason);
    return true;
  }

  /** Cancels all requests of a session that has ended. */
  cancelAll(scopeKey: string, reason: string): void {
    for (const calls of this.scopes.get(scopeKey)?.calls.values() ?? [])
      for (const call of [...calls]) call.abort.abort(reason);
  }

  /** Whether anything of a session is in progress. */
  has(scopeKey: string): boolean {
    return this.scopes.has(scopeKey);
  }

  /** How many requests are in progress. */
  get size(): number {
    let n = 0;
    for (const scope of this.scopes.values()) n += scope.open;
    return n;
  }

  /** The end of a drain: what is still open gets the `draining` error. */
  shutDown(): void {
    for (const key of this.scopes.keys()) this.cancelAll(key, SHUTTING_DOWN);
  }

  private newScope(key: string): Scope {
    const limit = this.config.maxInFlightPerSession;
    const scope = this.spare.pop() ?? {
      gate: new Gate(limit, limit * WAITING_PER_PLACE),
      calls: new Map<string, Call[]>(),
      open: 0,
    };
    this.scopes.set(key, scope);
    return scope;
  }

  private remove(key: string, scope: Scope, call: Call): void {
    const id = call.message.id as string;
    const calls = scope.calls.get(id);
    if (calls === undefined) return;
    if (calls.length === 1) scope.calls.delete(id);
    else calls.splice(calls.indexOf(call), 1);
    if (--scope.open > 0) return;
    this.scopes.delete(key);
    if (scope.gate.isIdle && this.spare.length < MAX_SPARE) this.spare.push(scope);
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
