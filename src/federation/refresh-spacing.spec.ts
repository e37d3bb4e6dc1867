import { Coalesced } from './coalesced.js';
import { HealthRecord } from './health-record.js';
import { RefreshSpacing } from './refresh-spacing.js';

describe('spacing of reads after notices', () => {
  it('reads at once, then after a second, from the third on after five', () => {
    const spacing = new RefreshSpacing();
    expect(spacing.waitMs(0)).toBe(0);
    spacing.mark(0);
    expect(spacing.waitMs(100)).toBe(900);
    spacing.mark(1000);
    expect(spacing.waitMs(1500)).toBe(4500);
    spacing.mark(6000);
    expect(spacing.waitMs(6000)).toBe(5000);
    expect(spacing.waitMs(40_000)).toBe(0);
  });
});

describe('coalesced runs', () => {
  it('runs one at a time and once more for all that came meanwhile', async () => {
    const wishes: number[] = [];
    let release = (): void => undefined;
    const runs = new Coalesced<number, number>(
      async (wish) => {
        wishes.push(wish);
        await new Promise<void>((ok) => (release = ok));
        return wish;
      },
      (a, b) => a + b,
    );
    const first = runs.run(1);
    const rest = [runs.run(2), runs.run(4)];
    release();
    expect(await first).toBe(1);
    await Promise.resolve();
    await new Promise((ok) => setImmediate(ok));
    release();
    expect(await Promise.all(rest)).toEqual([6, 6]);
    await runs.idle();
    expect(wishes).toEqual([1, 6]);
  });

  it('goes on after a failure', async () => {
    let calls = 0;
    const runs = new Coalesced<null, number>(
      async () => {
        await Promise.resolve();
        if (++calls === 1) throw new Error('once');
        return calls;
      },
      () => null,
    );
    const first = runs.run(null);
    const second = runs.run(null);
    await expect(first).rejects.toThrow('once');
    expect(await second).toBe(2);
  });
});

describe('the health of one gateway', () => {
  const rules = { intervalMs: 60_000, threshold: 3 };

  it('counts one failure per interval, and looks more often while down', () => {
    const record = new HealthRecord(rules);
    expect(record.pauseMs).toBe(60_000);
    expect(record.failed('x', 0)).toBe(true);
    expect([record.status, record.pauseMs]).toEqual(['degraded', 1000]);
    expect(record.failed('x', 1000)).toBe(false);
    expect([record.status, record.pauseMs]).toEqual(['degraded', 2000]);
    record.failed('x', 60_000);
    record.failed('x', 120_000);
    expect(record.status).toBe('unhealthy');
    for (let i = 0; i < 10; i++) record.failed('x', 121_000);
    expect(record.pauseMs).toBe(60_000);
    record.succeeded(5);
    expect(record.status).toBe('healthy');
    expect(record.view).toMatchObject({ consecutiveFailures: 0, latencyMs: 5, error: null });
  });

  it('never gives up with a negative threshold', () => {
    const record = new HealthRecord({ intervalMs: 1, threshold: -1 });
    for (let i = 0; i < 100; i++) record.failed('x', i * 10);
    expect(record.status).toBe('degraded');
  });
});
