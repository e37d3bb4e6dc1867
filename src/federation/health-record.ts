import type { GatewayStatus } from '../kernel/catalog.js';

const FIRST_RETRY_MS = 1000;

/** What is known of the health of one Gateway in this process. */
export interface HealthView {
  /** ISO 8601 UTC; `null` before the first check. */
  readonly lastChecked: string | null;
  readonly latencyMs: number | null;
  readonly consecutiveFailures: number;
  readonly error: string | null;
}

export interface HealthRules {
  readonly intervalMs: number;
  /** Failures in a row that make a Gateway unhealthy; negative = never. */
  readonly threshold: number;
}

/** Counts the checks of one Gateway and says what they mean. Times are ms on a monotonic clock. */
export class HealthRecord {
  private failures = 0;
  /** Checks in a row that failed, those in between included. */
  private attempts = 0;
  private countedAt = -Infinity;
  private last: Omit<HealthView, 'consecutiveFailures'> = {
    lastChecked: null,
    latencyMs: null,
    error: null,
  };

  constructor(private readonly rules: HealthRules) {}

  get view(): HealthView {
    return { ...this.last, consecutiveFailures: this.failures };
  }

  get isDown(): boolean {
    return this.attempts > 0;
  }

  succeeded(latencyMs: number): void {
    this.failures = 0;
    this.attempts = 0;
    this.countedAt = -Infinity;
    this.last = { lastChecked: new Date().toISOString(), latencyMs, error: null };
  }

  /**
   * A lost upstream is looked for more often than health is checked; only one failure per interval
   * counts, so that a restart does not take its items away.
   * @returns whether this one counts
   */
  failed(error: string, now: number): boolean {
    this.attempts++;
    this.last = { lastChecked: new Date().toISOString(), latencyMs: null, error };
    if (now - this.countedAt < this.rules.intervalMs) return false;
    this.countedAt = now;
    this.failures++;
    return true;
  }

  get status(): Extract<GatewayStatus, 'healthy' | 'degraded' | 'unhealthy'> {
    if (this.failures === 0) return 'healthy';
    const { threshold } = this.rules;
    return threshold >= 0 && this.failures >= threshold ? 'unhealthy' : 'degraded';
  }

  /** Pause until the next check. */
  get pauseMs(): number {
    if (this.attempts === 0) return this.rules.intervalMs;
    return Math.min(this.rules.intervalMs, FIRST_RETRY_MS * 2 ** (this.attempts - 1));
  }
}
