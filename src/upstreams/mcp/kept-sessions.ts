import type { GatewayId } from '../../kernel/ids.js';
import type { PooledSession } from './pooled-session.js';

/** Tasks that are remembered; of those before them nobody asks any more. */
const MAX_TASKS = 10_000;

interface Whose {
  readonly gatewayId: GatewayId;
  readonly sessionId: string | null;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Which sessions are in use though no request runs on them: where a client has begun a task and not
 * had its result, or has not answered a question. Who ends such a session ends that too.
 */
export class KeptSessions {
  /** By Gateway and task, oldest first. */
  private readonly tasks = new Map<string, Whose>();
  /** How many tasks, by Gateway and by (Gateway, client session). */
  private readonly counts = new Map<string, number>();

  /** @param ttlMs after so long without a request nothing keeps a session */
  constructor(private readonly ttlMs: number) {}

  /** A client session, `null` for a client without one, follows a task of an upstream. */
  taskBegun(gatewayId: GatewayId, taskId: string, sessionId: string | null): void {
    this.taskOver(gatewayId, taskId);
    const [oldest] = this.tasks.size < MAX_TASKS ? [] : this.tasks.keys();
    if (oldest !== undefined) this.drop(oldest);
    const whose = { gatewayId, sessionId, until: performance.now() + this.ttlMs };
    this.tasks.set(keyOf(gatewayId, taskId), whose);
    this.count(whose, 1);
  }

  /** Somebody has asked for it: one that is over does not come back by that. */
  taskAsked(gatewayId: GatewayId, taskId: string, sessionId: string | null): void {
    if (this.tasks.has(keyOf(gatewayId, taskId))) this.taskBegun(gatewayId, taskId, sessionId);
  }

  /** Its result was fetched, it was cancelled, or its upstream does not know it. */
  taskOver(gatewayId: GatewayId, taskId: string): void {
    this.drop(keyOf(gatewayId, taskId));
  }

  /** The client session has ended. */
  left(sessionId: string): void {
    for (const [key, whose] of this.tasks) if (whose.sessionId === sessionId) this.drop(key);
  }

  /** Whether a session may be closed. @param now on the clock of `performance.now()` */
  isUnused(session: PooledSession, now = performance.now()): boolean {
    if (!session.isIdle) return false;
    this.dropUntil(now);
    if (now - session.idleSince > this.ttlMs) return true;
    return session.connection?.isAsking !== true && !this.hasTask(session.facts);
  }

  /** Where several share a session, a task of its Gateway may be on it. */
  private hasTask({ gateway, sessionId }: PooledSession['facts']): boolean {
    return this.counts.has(sessionId === null ? gateway.id : keyOf(gateway.id, sessionId));
  }

  private dropUntil(now: number): void {
    for (const [key, { until }] of this.tasks) {
      if (until > now) return;
      this.drop(key);
    }
  }

  private drop(key: string): void {
    const whose = this.tasks.get(key);
    if (whose === undefined) return;
    this.tasks.delete(key);
    this.count(whose, -1);
  }

  private count({ gatewayId, sessionId }: Omit<Whose, 'until'>, delta: number): void {
    for (const key of [gatewayId, keyOf(gatewayId, sessionId ?? '')]) {
      const count = (this.counts.get(key) ?? 0) + delta;
      if (count > 0) this.counts.set(key, count);
      else this.counts.delete(key);
    }
  }
}

function keyOf(gatewayId: GatewayId, id: string): string {
  return `${gatewayId}\u0000${id}`;
}
