import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Meters } from '../platform/metrics/meters.js';
import { MonotonicClock } from './monotonic-clock.js';
import { SlidingWindow } from './sliding-window.js';

/** The answer to one request for a slot. */
export interface Decision {
  readonly allowed: boolean;
  /** Per minute, as it holds in this process; 0 = no limit is on. */
  readonly limit: number;
  readonly remaining: number;
  /** Seconds since 1970 when the window is empty again. */
  readonly resetEpochSeconds: number;
  /** Whole seconds until a slot is free, at least 1; 0 when allowed. */
  readonly retryAfterSeconds: number;
  /** When it was made, on the clock of the limiter. */
  readonly at: number;
}

export const WINDOW_MS = 60_000;
const MAX_KEYS = 100_000;

const UNLIMITED: Decision = Object.freeze({
  allowed: true,
  limit: 0,
  remaining: 0,
  resetEpochSeconds: 0,
  retryAfterSeconds: 0,
  at: 0,
});

/**
 * Counts tool calls in an exact sliding minute, per key and for all transports together
 * (API.md §3.6): never more than the limit in any 60 seconds; refused calls do not count.
 */
@Injectable()
export class Limiter {
  private readonly windows = new Map<string, SlidingWindow>();
  private readonly limit: number;
  private newest: string | null = null;

  constructor(
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly clock: MonotonicClock,
  ) {
    this.limit = this.share(config.maxToolCallsPerMinute);
  }

  /** Takes a slot of a Caller's limit, `MAX_TOOL_CALLS_PER_MINUTE`. */
  take(key: string): Decision {
    return this.limit === 0 ? UNLIMITED : this.decide('caller', key, this.limit);
  }

  /** Gives a slot of `take` back: the call was refused after all, and refused calls do not count. */
  giveBack(key: string, decision: Decision): void {
    this.windows.get(key)?.remove(decision.at);
  }

  /** Takes a slot of the limit that a tool or a Server has of its own; 0 = none. */
  takeOf(scope: 'tool' | 'server', id: string, perMinute: number): Decision {
    return perMinute === 0
      ? UNLIMITED
      : this.decide(scope, `${scope}:${id}`, this.share(perMinute));
  }

  /** Without shared counters each replica gives out its part (RELIABILITY.md R15). */
  private share(perMinute: number): number {
    if (perMinute === 0) return 0;
    return Math.max(1, Math.floor(perMinute / this.config.instanceCount));
  }

  private decide(scope: string, key: string, limit: number): Decision {
    const now = this.clock.now();
    const window = this.windows.get(key) ?? this.open(key, now);
    window.expire(now);
    const waitMs = window.msUntilBelow(limit, now);
    const allowed = waitMs <= 0;
    if (allowed) {
      window.add(now);
      this.markNewest(key, window);
    } else this.meters.rateLimited(scope);
    return {
      allowed,
      limit,
      remaining: Math.max(0, limit - window.count),
      resetEpochSeconds: Math.ceil((Date.now() + window.msUntilEmpty(now)) / 1_000),
      retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil(waitMs / 1_000)),
      at: now,
    };
  }

  /** Keeps the map in the order of the last accepted call, so that the idle ones are in front. */
  private markNewest(key: string, window: SlidingWindow): void {
    if (this.newest === key) return;
    this.windows.delete(key);
    this.windows.set(key, window);
    this.newest = key;
  }

  private open(key: string, now: number): SlidingWindow {
    this.evict(now);
    const window = new SlidingWindow(WINDOW_MS);
    this.windows.set(key, window);
    return window;
  }

  /**
   * Two idle keys go for each that comes, so the map shrinks back after a rush. When 100,000 are
   * busy within one minute the least recent goes too: bounded memory before an exact count.
   */
  private evict(now: number): void {
    let looked = 0;
    for (const [key, window] of this.windows) {
      if (++looked > 2) return;
      window.expire(now);
      if (window.count > 0 && this.windows.size < MAX_KEYS) return;
      this.windows.delete(key);
    }
  }
}
