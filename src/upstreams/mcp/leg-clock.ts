/** The two clocks of a request (PROTOCOL.md §4.6) on one timer: silence, which activity resets, and total. */
export class LegClock {
  private readonly startedAt: number;
  private lastAt: number;
  private timer: NodeJS.Timeout | null;
  private standingSince: number | null = null;
  private stoodMs = 0;

  /** @param onEnd told how long was waited, in ms, when either clock has run out */
  constructor(
    private readonly silenceMs: number,
    private readonly totalMs: number,
    private readonly onEnd: (waitedMs: number) => void,
  ) {
    this.startedAt = this.lastAt = performance.now();
    this.timer = setTimeout(this.check, Math.min(silenceMs, totalMs));
  }

  /** Something of this request arrived: silence starts anew. */
  touch(): void {
    this.lastAt = performance.now();
  }

  /** Both clocks stand still while a person or model answers a question of the upstream. */
  stand(): void {
    this.standingSince ??= performance.now();
  }

  go(): void {
    if (this.standingSince === null) return;
    this.stoodMs += performance.now() - this.standingSince;
    this.standingSince = null;
    this.touch();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly check = (): void => {
    if (this.timer === null) return;
    const now = performance.now();
    const stood = this.stoodMs + (this.standingSince === null ? 0 : now - this.standingSince);
    const silent = this.standingSince === null ? now - this.lastAt : 0;
    const total = now - this.startedAt - stood;
    const left = Math.min(this.silenceMs - silent, this.totalMs - total);
    if (left <= 1 && this.standingSince === null) {
      this.timer = null;
      this.onEnd(total >= this.totalMs - 1 ? this.totalMs : this.silenceMs);
    } else this.timer = setTimeout(this.check, Math.max(left, 5));
  };
}
