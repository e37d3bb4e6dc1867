import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TASK_STATUS } from '../kernel/core-tasks.js';
import type { GatewayId } from '../kernel/ids.js';
import { RELAYED, scanJson } from '../kernel/json-scan.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { related, relatedAs } from '../kernel/related-task.js';
import { Meters } from '../platform/metrics/meters.js';
import { ConnectionPool } from '../upstreams/mcp/connection.pool.js';
import type { UpstreamTask } from './era/bridge/task-seals.js';
import { Owners } from './session/owners.js';
import { Listeners } from './listeners.js';
import { TaskProgress } from './task-progress.js';

/** A task as a session knows it. */
export interface FollowedTask extends UpstreamTask {
  /** As the client knows it. */
  readonly shownId: string;
}

interface Follower {
  readonly sessionId: string;
  readonly shownId: string;
  /** Who hears its progress; `null` where the request that made it wanted none. */
  readonly progress: TaskProgress | null;
}

/** Tasks that are told of; clients must not rely on it (25 Tasks §Task Status Notification). */
const MAX_FOLLOWED = 10_000;
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** Tells the sessions that follow core tasks of legacy upstreams what becomes of them (PROTOCOL.md §5.8). */
@Injectable()
export class TaskNotices implements OnModuleInit {
  /** Oldest first. */
  private readonly followed = new Map<string, Follower>();

  constructor(
    private readonly pool: ConnectionPool,
    private readonly listeners: Listeners,
    private readonly owners: Owners,
    private readonly meters: Meters,
  ) {}

  onModuleInit(): void {
    this.pool.taskTold = (gatewayId, params) => {
      this.told(gatewayId, params);
    };
    this.owners.shownTasks = (gatewayId, sessionId, params) =>
      relatedAs(params, (taskId) => this.shownId({ gatewayId, taskId }, sessionId));
  }

  /** The id by which a session knows a task; `null` when it follows no such one. */
  shownId(task: UpstreamTask, sessionId: string | null): string | null {
    const follower = this.followed.get(keyOf(task.gatewayId, task.taskId));
    return follower !== undefined && follower.sessionId === sessionId ? follower.shownId : null;
  }

  /** The session that began a task hears of it. */
  begun(task: FollowedTask, sessionId: string | null, progress: TaskProgress | null): void {
    this.pool.kept.taskBegun(task.gatewayId, task.taskId, sessionId);
    this.follow(task, sessionId, progress);
  }

  /** The session that asked for a task last hears of it. */
  asked(task: FollowedTask, sessionId: string | null): void {
    this.pool.kept.taskAsked(task.gatewayId, task.taskId, sessionId);
    this.follow(task, sessionId, null);
  }

  private follow(
    { gatewayId, taskId, shownId }: FollowedTask,
    sessionId: string | null,
    begun: TaskProgress | null,
  ): void {
    if (sessionId === null) return;
    const key = keyOf(gatewayId, taskId);
    const known = this.followed.get(key);
    // Its token means something else to another session.
    if (known !== undefined && known.sessionId !== sessionId) known.progress?.end();
    const kept = known?.sessionId === sessionId ? known.progress : null;
    const progress = begun ?? kept;
    this.followed.delete(key);
    const [oldest] = this.followed.size < MAX_FOLLOWED ? [] : this.followed.keys();
    if (oldest !== undefined) this.drop(oldest);
    this.followed.set(key, { sessionId, shownId, progress });
  }

  /**
   * Progress of the task that a call is about to begin, to whoever begins it.
   * @param token the client's as written
   */
  progressFor(gatewayId: GatewayId, sessionId: string, token: string): TaskProgress {
    return new TaskProgress({
      token,
      session: (text) => this.listeners.has(sessionId) && this.listeners.send(sessionId, text),
      shownId: (taskId) => this.shownId({ gatewayId, taskId }, sessionId),
      dropped: (reason) => {
        this.meters.dropped(reason);
      },
    });
  }

  progressOf({ gatewayId, taskId }: UpstreamTask): TaskProgress | null {
    return this.followed.get(keyOf(gatewayId, taskId))?.progress ?? null;
  }

  cancelled(task: UpstreamTask): void {
    this.progressOf(task)?.end();
    this.pool.kept.taskOver(task.gatewayId, task.taskId);
  }

  /** Its result is known: nothing is left to say, or to keep above. */
  forget({ gatewayId, taskId }: UpstreamTask): void {
    this.pool.kept.taskOver(gatewayId, taskId);
    this.drop(keyOf(gatewayId, taskId));
  }

  private drop(key: string): void {
    this.followed.get(key)?.progress?.end();
    this.followed.delete(key);
  }

  private told(gatewayId: GatewayId, params: string): void {
    const { top } = scanJson(`{${params}}`, RELAYED);
    const taskId = top.string('taskId') ?? '';
    const follower = this.followed.get(keyOf(gatewayId, taskId));
    if (follower === undefined) return;
    const status = top.string('status') ?? '';
    // The result of another may still be asked for.
    if (status === 'cancelled') this.pool.kept.taskOver(gatewayId, taskId);
    if (ENDED.has(status)) this.drop(keyOf(gatewayId, taskId));
    const task = top.spliced(new Map([['taskId', JSON.stringify(follower.shownId)]]));
    const shown = related(task.slice(1, -1), follower.shownId);
    this.listeners.send(follower.sessionId, notificationText(TASK_STATUS, shown));
  }
}

function keyOf(gatewayId: GatewayId, taskId: string): string {
  return `${gatewayId}\u0000${taskId}`;
}
