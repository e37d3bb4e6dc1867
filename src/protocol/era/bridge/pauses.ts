import type { Abort } from '../../../kernel/abort.js';
import { GatewayError } from '../../../kernel/errors.js';
import { UnansweredError } from './unanswered.js';

export interface PauseTimes {
  readonly firstMs: number;
  /** Doubled each time up to this. */
  readonly longestMs: number;
  /** All together. */
  readonly totalMs: number;
}

/** Pauses that grow, before the same is tried again. */
export class Pauses {
  private nextMs: number;
  private since = -1;

  constructor(
    private readonly abort: Abort,
    private readonly times: PauseTimes,
  ) {
    this.nextMs = times.firstMs;
  }

  /** @throws GatewayError `cancelled` · UnansweredError once all of them together took too long */
  next(): Promise<void> {
    const now = performance.now();
    if (this.since < 0) this.since = now;
    if (now - this.since >= this.times.totalMs)
      throw new UnansweredError('The upstream still waits, the gateway no longer does');
    const ms = this.nextMs;
    this.nextMs = Math.min(ms * 2, this.times.longestMs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      this.abort.onAbort(() => {
        clearTimeout(timer);
        reject(new GatewayError('cancelled'));
      });
    });
  }
}
