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

/** Keeps calls from an upstream that fails in a row (RELIABILITY.md §2.3); one probe tries it again. */
export class CircuitBreaker {
  private failures = 0;
  private openUntil = 0;
  private waitMs: number;
  private state: CircuitState = 0;

  constructor(private readonly options: BreakerOptions) {
    this.waitMs = options.resetMs;
  }

  /** @returns 0 when a call may pass, else how long to stay away, in ms */
  refusesForMs(): number {
    if (this.state === 0) return 0;
    if (this.state === 1) return this.waitMs;
    const left = this.openUntil - this.options.now();
    if (left > 0) return left;
    this.to(1);
    return 0;
  }

  succeeded(): void {
    this.failures = 0;
    if (this.state === 0) return;
    this.waitMs = this.options.resetMs;
    this.to(0);
  }

  failed(): void {
    this.failures++;
    if (this.state === 1) this.waitMs = Math.min(this.waitMs * 2, this.options.maxResetMs);
    else if (this.state === 2 || this.failures < this.options.threshold) return;
    this.openUntil = this.options.now() + this.waitMs;
    this.to(2);
  }

  /** A probe whose outcome says nothing (the client cancelled) leaves the way to the next one. */
  undecided(): void {
    if (this.state === 1) this.to(2);
  }

  private to(state: CircuitState): void {
    this.state = state;
    this.options.onState(state);
  }
}
