import type { Abort } from '../../../kernel/abort.js';
import type { LogLevel } from '../../../kernel/mcp.js';
import { relatedAs } from '../../../kernel/related-task.js';
import type { AfterProgress, UpstreamObserver } from '../../../kernel/upstream.js';
import type { Places } from '../../../upstreams/places.js';
import type { Watch } from '../../legs.js';

const NOBODY = '"error":{"code":-32601,"message":"The client of this task cannot be asked"}';

/** The client knows of no task. */
export const knowsNone = (): null => null;

/** Hears one leg of a task, for a client that knows the task by another id or not at all. */
export class TaskWatch implements Watch {
  /**
   * @param hears `null` when nobody does
   * @param shownIdOf the client's id of a task by that of the upstream; `null` when it has none: on a pipe
   *   other tasks are spoken of too
   * @param afterwards hears progress when the task has been named
   */
  constructor(
    private readonly hears: UpstreamObserver | null,
    readonly abort: Abort,
    readonly places: Places | null,
    private readonly shownIdOf: (taskId: string) => string | null,
    readonly afterwards: AfterProgress | null = null,
  ) {}

  get logLevel(): LogLevel | null {
    return this.hears?.logLevel ?? null;
  }

  progress(params: string): void {
    this.hears?.progress(this.shown(params));
  }

  notification(method: string, params: string): void {
    this.hears?.notification(method, this.shown(params));
  }

  ask(...[method, params, answer, progressed]: Parameters<UpstreamObserver['ask']>): () => void {
    if (this.hears !== null) return this.hears.ask(method, this.shown(params), answer, progressed);
    answer(NOBODY);
    return () => undefined;
  }

  behind(caughtUp: () => void): boolean {
    return this.hears?.behind?.(caughtUp) ?? false;
  }

  end(): void {
    this.hears?.end();
  }

  private shown(params: string): string {
    return relatedAs(params, this.shownIdOf);
  }
}
