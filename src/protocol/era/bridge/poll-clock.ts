import type { Abort } from '../../../kernel/abort.js';
import { GatewayError } from '../../../kernel/errors.js';

const USUAL_MS = 1_000;
const SHORTEST_MS = 100;
const LONGEST_MS = 30_000;

/** When to look at a task again, and until when at all. */
export class PollClock {
  private endsAt: number;
  private wake: (() => void) | null = null;

  constructor(
    private readonly abort: Abort,
    private readonly totalMs: number,
  ) {
    this.endsAt = performance.now() + totalMs;
    // One for all pauses: a task may be looked at thousands of times.
    abort.onAbort(() => {
      this.hurry();
    });
  }

  /**
   * Waits as long as the upstream wishes, within reason.
   * @param wishedMs NaN when it wishes nothing
   * @throws GatewayError `cancelled`, `upstream_timeout`
   */
  async next(wishedMs: number): Promise<void> {
    const left = this.endsAt - performance.now();
    if (left <= 0)
      throw new GatewayError('upstream_timeout', { what: 'Tool call', ms: this.totalMs });
    const ms = Number.isFinite(wishedMs) ? wishedMs : USUAL_MS;
    if (!this.abort.aborted)
      await this.pause(Math.min(left, LONGEST_MS, Math.max(ms, SHORTEST_MS)));
    if (this.abort.aborted) throw new GatewayError('cancelled');
  }

  /** Ends the pause that is running. */
  hurry(): void {
    this.wake?.();
  }

  /** What is left until the absolute end, in ms; 1 at least. */
  get leftMs(): number {
    return Math.max(1, this.endsAt - performance.now());
  }

  /** Stands still while a person or model answers (PROTOCOL.md §4.6). */
  async standing<T>(answer: Promise<T>): Promise<T> {
    const since = performance.now();
    const value = await answer;
    this.endsAt += performance.now() - since;
    return value;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
