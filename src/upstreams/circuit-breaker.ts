/** 0 closed, 1 half open, 2 open: the values of `mcpgateway_circuit_state`. */
export type CircuitState = 0 | 1 | 2;

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly threshold: number;
  readonly resetMs: number;
  readonly maxResetMs: number;
  /** Monotonic, in ms. */
  readonly now: () => number;
  onState(state: CircuitState): void;
}

/**
 * Keeps calls from an upstream that fails in a row (RELIABILITY.md §2.3). After a pause one call
 * probes it; a probe that takes longer than the pause does not keep the next one waiting.
 */
export class CircuitBreaker {
  private failures = 0;
  /** Open: end of the pause. Half open: until when the probe alone may run. */
  private until = 0;
  private waitMs: number;
  private current: CircuitState = 0;

  constructor(private readonly options: BreakerOptions) {
    this.waitMs = options.resetMs;
  }

  get state(): CircuitState {
    return this.current;
  }

  /** @returns 0 when a call may begin, else how long to stay away, in ms */
  refusesForMs(): number {
    if (this.current === 0) return 0;
    return Math.max(0, this.until - this.options.now());
  }

  /** A call begins, which `refusesForMs` allowed. @returns whether it is a probe */
  begin(): boolean {
    if (this.current === 0) return false;
    this.until = this.options.now() + this.waitMs;
    this.to(1);
    return true;
  }

  /** The upstream is there. */
  succeeded(): void {
    this.failures = 0;
    if (this.current === 0) return;
    this.waitMs = this.options.resetMs;
    this.to(0);
  }

  /** The upstream was not reached. Calls that began before the probe tell nothing new. */
  failed(isProbe: boolean): void {
    this.failures++;
    if (this.current === 0) {
      if (this.failures >= this.options.threshold) this.open();
    } else if (this.current === 1 && isProbe) {
      this.waitMs = Math.min(this.waitMs * 2, this.options.maxResetMs);
      this.open();
    }
  }

  /** The outcome says nothing (the client cancelled, the tool was slow): the next call is the probe. */
  undecided(isProbe: boolean): void {
    if (this.current !== 1 || !isProbe) return;
    this.until = this.options.now();
    this.to(2);
  }

  private open(): void {
    this.until = this.options.now() + this.waitMs;
    this.to(2);
  }

  private to(state: CircuitState): void {
    this.current = state;
    this.options.onState(state);
  }
}
