/** Whoever waits: told how long was waited, in ms, when either clock has run out. */
export interface Waiting {
  ranOut(waitedMs: number): void;
}

/**
 * The two clocks of a request (PROTOCOL.md §4.6) on one timer: silence, which activity resets, and
 * total. Made for every call: no closures, which cost more than all the rest of it.
 */
export class LegClock {
  private readonly startedAt: number;
  private lastAt: number;
  private timer: NodeJS.Timeout | null;
  private standingSince = -1;
  /** Questions that are open. */
  private standers = 0;
  private stoodMs = 0;

  constructor(
    private readonly silenceMs: number,
    private readonly totalMs: number,
    private readonly waiting: Waiting,
  ) {
    this.startedAt = this.lastAt = performance.now();
    this.timer = setTimeout(check, Math.min(silenceMs, totalMs), this);
  }

  /** Something of this request arrived: silence starts anew. */
  touch(): void {
    if (this.lastAt < Infinity) this.lastAt = performance.now();
  }

  /** Silence is not counted while we do not listen; the total is. */
  deafen(): void {
    this.lastAt = Infinity;
  }

  listen(): void {
    if (this.lastAt < Infinity || this.timer === null) return;
    this.lastAt = performance.now();
    clearTimeout(this.timer);
    this.check();
  }

  /** Both clocks stand still while a person or model answers a question of the upstream. */
  stand(): void {
    if (this.standers++ === 0) this.standingSince = performance.now();
  }

  /** One question less is open: with the last one both clocks go on. */
  go(): void {
    if (this.standers === 0 || --this.standers > 0) return;
    this.stoodMs += performance.now() - this.standingSince;
    this.standingSince = -1;
    this.touch();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Looks at both clocks; called by the timer. */
  check(): void {
    if (this.timer === null) return;
    const now = performance.now();
    const isStanding = this.standingSince >= 0;
    const stood = this.stoodMs + (isStanding ? now - this.standingSince : 0);
    const silent = isStanding ? 0 : now - this.lastAt;
    const total = now - this.startedAt - stood;
    const left = Math.min(this.silenceMs - silent, this.totalMs - total);
    if (left <= 1 && !isStanding) {
      this.timer = null;
      this.waiting.ranOut(total >= this.totalMs - 1 ? this.totalMs : this.silenceMs);
    } else this.timer = setTimeout(check, Math.max(left, 5), this);
  }
}

function check(clock: LegClock): void {
  clock.check();
}
