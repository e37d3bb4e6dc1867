import { type ErrorCode, GatewayError } from '../../../kernel/errors.js';
import type { Caller } from '../../../kernel/caller.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import type { ResourceSubscriptions } from '../../resource-subscriptions.js';
import type { UpstreamTask } from './task-seals.js';

/** An upstream that does not tell of tasks is not asked to for so long. */
const DEAF_MS = 60_000;
const MAX_DEAF = 1000;
/** What keeps one person from hearing where each has a session of its own. */
const OF_ONE: ReadonlySet<ErrorCode> = new Set(['login_needed', 'upstream_unreachable']);

/** How to hear of tasks of modern upstreams: which of them tell, and who listens. */
export class TaskListening {
  private counter = 0;
  /** Upstreams that tell nothing of tasks, at all or to one person, until when. */
  private readonly deaf = new Map<string, number>();

  constructor(private readonly subscriptions: Pick<ResourceSubscriptions, 'watch' | 'end'>) {}

  /** @param wake called whenever there is something to look at */
  to(caller: Caller, task: UpstreamTask, wake: () => void): TaskNews {
    const news = new TaskNews(wake);
    const { gatewayId } = task;
    const own = `${gatewayId} ${caller.principalHash}`;
    if (this.isDeaf(gatewayId) || this.isDeaf(own)) return news;
    const watcher = `task ${String(++this.counter)}`;
    news.end = () => {
      void this.subscriptions.end(watcher);
    };
    this.subscriptions
      .watch({ watcher, shown: task.taskId, caller }, task, (params) => {
        news.told(params);
      })
      .then(
        () => {
          news.heard();
        },
        (e: unknown) => {
          const code = e instanceof GatewayError ? e.code : undefined;
          // Of this one task, or of none: what fails for want of room here says nothing of the upstream.
          if (code !== 'overloaded')
            this.refused(code !== undefined && OF_ONE.has(code) ? own : gatewayId);
        },
      );
    return news;
  }

  private isDeaf(key: string): boolean {
    return performance.now() < (this.deaf.get(key) ?? 0);
  }

  private refused(key: string): void {
    if (this.deaf.size >= MAX_DEAF) this.deaf.clear();
    this.deaf.set(key, performance.now() + DEAF_MS);
  }
}

/** What a modern upstream tells of one task (`notifications/tasks`). */
export class TaskNews {
  /** Nothing more is wanted. */
  end: () => void = () => undefined;
  private isHeard = false;
  private latest: Members | null = null;
  private mustLook = false;

  constructor(private readonly wake: () => void) {}

  /** Whether the upstream will say when there is something new. */
  get isTold(): boolean {
    return this.isHeard;
  }

  /** Whether there is something to look at already. */
  get isWaiting(): boolean {
    return this.latest !== null || this.mustLook;
  }

  /** The state that was told last; `null` where it has to be asked for. */
  take(): Members | null {
    const { latest } = this;
    this.latest = null;
    this.mustLook = false;
    return latest;
  }

  /** From now on the upstream tells; what happened before has to be looked at, once. */
  heard(): void {
    this.isHeard = true;
    this.mustLook = true;
    this.wake();
  }

  /** @param params the inside of the params of a notice, without the id */
  told(params: string): void {
    const { top } = scanJson(`{${params}}`, RELAYED);
    if (isWhole(top)) this.latest = top;
    else this.mustLook = true;
    this.wake();
  }
}

/** A notice carries all that `tasks/get` would; one that does not is a reason to ask. */
function isWhole(state: Members): boolean {
  switch (state.string('status')) {
    case 'working':
    case 'cancelled':
      return true;
    case 'input_required':
      return state.has('inputRequests');
    case 'completed':
      return state.has('result');
    case 'failed':
      return state.has('error');
    default:
      return false;
  }
}
