import { CircuitBreaker } from './circuit-breaker.js';

describe('CircuitBreaker', () => {
  const made = () => {
    let now = 0;
    const states: number[] = [];
    const breaker = new CircuitBreaker({
      threshold: 3,
      resetMs: 1000,
      maxResetMs: 3000,
      now: () => now,
      onState: (s) => states.push(s),
    });
    const fail = (n: number) => {
      for (let i = 0; i < n; i++) breaker.failed(false);
    };
    return { breaker, states, fail, pass: (ms: number) => (now += ms) };
  };

  it('opens after failures in a row only', () => {
    const { breaker, fail } = made();
    fail(2);
    breaker.succeeded();
    fail(2);
    expect(breaker.refusesForMs()).toBe(0);
    expect(breaker.begin()).toBe(false);
    fail(1);
    expect(breaker.refusesForMs()).toBe(1000);
  });

  it('lets one probe pass after its time, then closes or waits longer', () => {
    const { breaker, fail, pass, states } = made();
    fail(3);
    pass(1000);
    expect(breaker.refusesForMs()).toBe(0);
    expect(breaker.begin()).toBe(true);
    expect(breaker.refusesForMs()).toBeGreaterThan(0);
    breaker.failed(true);
    expect(breaker.refusesForMs()).toBe(2000);
    pass(2000);
    expect(breaker.begin()).toBe(true);
    breaker.succeeded();
    expect(breaker.refusesForMs()).toBe(0);
    expect(states).toEqual([2, 1, 2, 1, 0]);
  });

  it('never waits longer than its limit, and forgets it when closed', () => {
    const { breaker, fail, pass } = made();
    fail(3);
    for (let i = 0; i < 5; i++) {
      pass(10_000);
      breaker.begin();
      breaker.failed(true);
    }
    expect(breaker.refusesForMs()).toBe(3000);
    breaker.succeeded();
    fail(3);
    expect(breaker.refusesForMs()).toBe(1000);
  });

  it('gives the next call a try when a probe was cancelled', () => {
    const { breaker, fail, pass } = made();
    fail(3);
    pass(1000);
    breaker.begin();
    breaker.undecided(true);
    expect(breaker.refusesForMs()).toBe(0);
    expect(breaker.begin()).toBe(true);
  });

  it('does not wait for a probe that takes longer than the pause', () => {
    const { breaker, fail, pass } = made();
    fail(3);
    pass(1000);
    breaker.begin();
    pass(999);
    expect(breaker.refusesForMs()).toBe(1);
    pass(1);
    expect(breaker.refusesForMs()).toBe(0);
  });

  it('learns nothing from calls that began before the probe, but that the upstream is there', () => {
    const { breaker, fail, pass } = made();
    fail(3);
    pass(1000);
    breaker.begin();
    breaker.failed(false);
    breaker.undecided(false);
    expect(breaker.state).toBe(1);
    breaker.succeeded();
    expect(breaker.state).toBe(0);
  });
});
