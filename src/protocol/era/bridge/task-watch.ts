import type { Abort } from '../../../kernel/abort.js';
import type { LogLevel } from '../../../kernel/mcp.js';
import { related } from '../../../kernel/related-task.js';
import type { UpstreamObserver } from '../../../kernel/upstream.js';
import type { Places } from '../../../upstreams/places.js';
import type { Watch } from '../../legs.js';

const NOBODY = '"error":{"code":-32601,"message":"The client of this task cannot be asked"}';

/** Hears one leg of a task, for a client that knows the task by another id or not at all. */
export class TaskWatch implements Watch {
  /** @param hears `null` when nobody does */
  constructor(
    private readonly hears: UpstreamObserver | null,
    readonly abort: Abort,
    readonly places: Places | null,
    private readonly shownId: string | null,
  ) {}

  get logLevel(): LogLevel | null {
    return this.hears?.logLevel ?? null;
  }

  progress(params: string): void {
    this.hears?.progress(related(params, this.shownId));
  }

  notification(method: string, params: string): void {
    this.hears?.notification(method, related(params, this.shownId));
  }

  ask(method: string, params: string, answer: (reply: string) => void): () => void {
    if (this.hears !== null) return this.hears.ask(method, related(params, this.shownId), answer);
    answer(NOBODY);
    return () => undefined;
  }

  behind(caughtUp: () => void): boolean {
    return this.hears?.behind?.(caughtUp) ?? false;
  }

  end(): void {
    this.hears?.end();
  }
}
