const FIRST_CAPACITY = 16;

/** The moments of what was accepted in the last `windowMs`, in a ring that grows as needed. */
export class SlidingWindow {
  private stamps = new Float64Array(FIRST_CAPACITY);
  private head = 0;
  private size = 0;

  constructor(private readonly windowMs: number) {}

  get count(): number {
    return this.size;
  }

  /** Forgets what is older than the window. Each moment is dropped once: O(1) per accepted one. */
  expire(nowMs: number): void {
    const limit = nowMs - this.windowMs;
    while (this.size > 0 && this.at(0) <= limit) {
      this.head = (this.head + 1) & (this.stamps.length - 1);
      this.size--;
    }
  }

  add(nowMs: number): void {
    if (this.size === this.stamps.length) this.grow();
    this.stamps[(this.head + this.size) & (this.stamps.length - 1)] = nowMs;
    this.size++;
  }

  /** Forgets one moment, if it is still there. */
  remove(atMs: number): void {
    let i = this.size - 1;
    while (i >= 0 && this.at(i) !== atMs) i--;
    if (i < 0) return;
    const mask = this.stamps.length - 1;
    for (; i < this.size - 1; i++) this.stamps[(this.head + i) & mask] = this.at(i + 1);
    this.size--;
  }

  /** ms from `nowMs` until fewer than `limit` are left; 0 when that is so now. Call after `expire`. */
  msUntilBelow(limit: number, nowMs: number): number {
    if (this.size < limit) return 0;
    return this.at(this.size - limit) + this.windowMs - nowMs;
  }

  /** ms from `nowMs` until the window is empty. */
  msUntilEmpty(nowMs: number): number {
    return this.size === 0 ? 0 : this.at(this.size - 1) + this.windowMs - nowMs;
  }

  private at(index: number): number {
    return this.stamps[(this.head + index) & (this.stamps.length - 1)] ?? 0;
  }

  /** Capacities are powers of two, so that positions wrap with a mask. */
  private grow(): void {
    const next = new Float64Array(this.stamps.length * 2);
    for (let i = 0; i < this.size; i++) next[i] = this.at(i);
    this.stamps = next;
    this.head = 0;
  }
}
