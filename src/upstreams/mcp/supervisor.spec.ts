import type { GatewayId } from '../../kernel/ids.js';
import { Supervisor } from './supervisor.js';

const ID = 'g' as GatewayId;

function aSupervisor(): { supervisor: Supervisor; pass(ms: number): void; waitMs(): number } {
  let now = 1000;
  const supervisor = new Supervisor({ restIntervalMs: 60_000, now: () => now, random: () => 1 });
  const isAllowed = (): boolean => {
    try {
      supervisor.mayStart(ID);
      return true;
    } catch {
      return false;
    }
  };
  return {
    supervisor,
    pass: (ms) => (now += ms),
    waitMs: () => {
      const before = now;
      while (!isAllowed()) now += 10;
      const waited = now - before;
      now = before;
      return waited;
    },
  };
}

describe('Supervisor', () => {
  it('lets a process that has not ended start at once', () => {
    expect(aSupervisor().waitMs()).toBe(0);
  });

  it('doubles the pause with each end, up to 30 s', () => {
    const { supervisor, pass, waitMs } = aSupervisor();
    const waits = [];
    for (let i = 0; i < 8; i++) {
      supervisor.recordExit(ID, 100, 'exit 1');
      waits.push(waitMs());
      // Rare enough not to be five ends within a minute.
      pass(31_000);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('rests after five ends within 60 s: one try per interval', () => {
    const { supervisor, pass, waitMs } = aSupervisor();
    for (let i = 0; i < 5; i++) {
      pass(10_000);
      supervisor.recordExit(ID, 100, 'exit 1');
    }
    expect(waitMs()).toBe(60_000);
    pass(60_000);
    supervisor.mayStart(ID);
    supervisor.recordExit(ID, 100, 'exit 1');
    expect(waitMs()).toBe(60_000);
    expect(() => {
      supervisor.mayStart(ID);
    }).toThrow(
      expect.objectContaining({
        code: 'upstream_unreachable',
        extras: expect.objectContaining({ retryAfterSeconds: 60 }) as object,
      }),
    );
  });

  it('forgives all once a process has stayed up for 60 s', () => {
    const { supervisor, pass, waitMs } = aSupervisor();
    for (let i = 0; i < 5; i++) supervisor.recordExit(ID, 100, 'exit 1');
    pass(200_000);
    supervisor.recordExit(ID, 60_000, 'exit 1');
    expect(waitMs()).toBe(500);
  });

  it('spreads the pause by chance', () => {
    let now = 0;
    const supervisor = new Supervisor({ restIntervalMs: 1, now: () => now, random: () => 0 });
    supervisor.recordExit(ID, 0, 'exit 1');
    now = 249;
    expect(() => {
      supervisor.mayStart(ID);
    }).toThrow();
    now = 250;
    supervisor.mayStart(ID);
  });

  it('keeps gateways apart and forgets on demand', () => {
    const { supervisor, waitMs } = aSupervisor();
    supervisor.recordExit(ID, 100, 'exit 1');
    supervisor.mayStart('other' as GatewayId);
    supervisor.forget(ID);
    expect(waitMs()).toBe(0);
  });
});
