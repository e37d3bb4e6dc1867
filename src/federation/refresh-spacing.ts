const WINDOW_MS = 15_000;
const SHORT_GAP_MS = 1000;
const LONG_GAP_MS = 5000;

/**
 * When notices of an upstream may lead to a read: the first at once, then ≥ 1 s apart, from the third
 * within 15 s on ≥ 5 s apart (PROTOCOL.md §6.3). Times are ms on one monotonic clock.
 */
export class RefreshSpacing {
  private reads: number[] = [];

  /** @returns how long to wait before the next read */
  waitMs(now: number): number {
    this.reads = this.reads.filter((at) => now - at < WINDOW_MS);
    const last = this.reads.at(-1);
    if (last === undefined) return 0;
    const gap = this.reads.length >= 2 ? LONG_GAP_MS : SHORT_GAP_MS;
    return Math.max(0, last + gap - now);
  }

  /** A read begins. */
  mark(now: number): void {
    this.reads.push(now);
  }
}
