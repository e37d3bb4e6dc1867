import { loadConfig } from '../config/load-config.js';
import { Meters } from '../platform/metrics/meters.js';
import { Limiter } from './limiter.js';
import { MonotonicClock } from './monotonic-clock.js';
import { rateLimitHeaders, requireAllowed } from './refusal.js';

class HandClock extends MonotonicClock {
  nowMs = 1_000;
  override now(): number {
    return this.nowMs;
  }
}

function limiterWith(limit: number, instances = 1) {
  const env = {
    MAX_TOOL_CALLS_PER_MINUTE: String(limit),
    INSTANCE_COUNT: String(instances),
  };
  const config = loadConfig(env, { cwd: __dirname });
  const clock = new HandClock();
  return { limiter: new Limiter(config, new Meters(config), clock), clock };
}

describe('Limiter', () => {
  it('is off at 0', () => {
    const { limiter } = limiterWith(0);
    const decision = limiter.take('user:alice');
    expect(decision).toMatchObject({ allowed: true, limit: 0 });
    expect(rateLimitHeaders(decision)).toEqual({});
  });

  it('never accepts more than the limit in any 60 seconds', () => {
    const { limiter, clock } = limiterWith(3);
    const accepted: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      clock.nowMs += 97;
      if (limiter.take('user:alice').allowed) accepted.push(clock.nowMs);
    }
    accepted.forEach((at, i) => {
      expect((accepted[i + 3] ?? Infinity) - at).toBeGreaterThanOrEqual(60_000);
    });
    expect(accepted.length).toBe(12);
  });

  it('says when a slot is free, and a refused call does not push that away', () => {
    const { limiter, clock } = limiterWith(2);
    limiter.take('a');
    clock.nowMs += 10_000;
    expect(limiter.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take('a')).toMatchObject({ allowed: false, retryAfterSeconds: 50 });
    clock.nowMs += 49_999;
    expect(limiter.take('a')).toMatchObject({ allowed: false, retryAfterSeconds: 1 });
    clock.nowMs += 1;
    expect(limiter.take('a').allowed).toBe(true);
  });

  it('tells the end of the window in seconds since 1970', () => {
    const { limiter } = limiterWith(2);
    const { resetEpochSeconds } = limiter.take('a');
    expect(resetEpochSeconds - Date.now() / 1_000).toBeGreaterThan(55);
    expect(resetEpochSeconds - Date.now() / 1_000).toBeLessThan(62);
  });

  it('counts each key by itself, and tools apart from Callers', () => {
    const { limiter } = limiterWith(1);
    expect(limiter.take('x').allowed).toBe(true);
    expect(limiter.take('y').allowed).toBe(true);
    expect(limiter.takeOf('tool', 'x', 1).allowed).toBe(true);
    expect(limiter.takeOf('tool', 'x', 1).allowed).toBe(false);
    expect(limiter.takeOf('server', 'x', 0).allowed).toBe(true);
  });

  it('takes a slot back exactly, whatever came after it', () => {
    const { limiter, clock } = limiterWith(2);
    limiter.take('a');
    clock.nowMs += 50_000;
    const refused = limiter.take('a');
    limiter.giveBack('a', refused);
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.take('a').allowed).toBe(false);
    clock.nowMs += 10_000;
    expect(limiter.take('a').allowed).toBe(true);
    limiter.giveBack('nobody', refused);
  });

  it('gives out its part of the limit when there are replicas, at least one call', () => {
    expect(limiterWith(10, 3).limiter.take('a').limit).toBe(3);
    expect(limiterWith(2, 3).limiter.take('a').limit).toBe(1);
  });

  it('keeps what busy keys have used while idle ones come and go', () => {
    const { limiter, clock } = limiterWith(1);
    for (let i = 0; i < 50; i++) limiter.take(`idle-${String(i)}`);
    clock.nowMs += 60_000;
    limiter.take('busy');
    for (let i = 0; i < 50; i++) limiter.take(`other-${String(i)}`);
    expect(limiter.take('busy').allowed).toBe(false);
  });

  it('refuses with all that a client needs to wait', () => {
    const { limiter } = limiterWith(1);
    requireAllowed(limiter.take('a'));
    try {
      requireAllowed(limiter.take('a'));
      throw new Error('not refused');
    } catch (e) {
      expect(e).toMatchObject({
        code: 'rate_limited',
        message: 'Rate limit exceeded: 1 tool calls per minute',
        extras: {
          retryAfterSeconds: 60,
          data: { limit: 1, windowSeconds: 60 },
          headers: { 'X-RateLimit-Limit': '1', 'X-RateLimit-Remaining': '0' },
        },
      });
    }
  });
});
