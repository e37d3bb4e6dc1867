import { aGateway } from '../../test/builders/catalog.js';
import type { Config } from '../config/config.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Log } from '../platform/log/log.js';
import type { Meters } from '../platform/metrics/meters.js';
import type { GatewaysService } from '../registry/gateways.service.js';
import type { UpstreamConnection } from '../upstreams/mcp/connection.js';
import { HealthService } from './health.service.js';
import { SyncLine } from './sync-line.js';
import type { SyncLines } from './sync-lines.service.js';
import type { SyncService } from './sync.service.js';

const gateway = aGateway({ transport: 'STDIO' });

/** A line to a program, what was read of it, and its health, checked every second. */
function made() {
  const dials: string[] = [];
  const read: GatewayId[] = [];
  const fails: (GatewayError | null)[] = [];
  const connection = {
    isOpen: true,
    greeting: { era: 'legacy' },
    request: () => Promise.resolve('{}'),
    listen: () => undefined,
    close: () => Promise.resolve(),
  } as unknown as UpstreamConnection;
  const woken: ((line: SyncLine) => void)[] = [];
  const ignored = () => undefined;
  const line = new SyncLine(gateway, {
    dialer: {
      open: () => {
        const fault = fails.shift() ?? null;
        dials.push(fault === null ? 'open' : fault.code);
        if (fault !== null) return Promise.reject(fault);
        return Promise.resolve({ connection, transport: 'STDIO', eraAt: '' });
      },
    },
    secrets: () => ({ credential: { headers: {}, query: {} }, env: {} }),
    requestTimeoutMs: 1000,
    events: {
      ...{ opened: ignored, closed: ignored, listChanged: ignored, resourceUpdated: ignored },
      ...{ taskTold: ignored, doubts: ignored, asks: ignored, idle: ignored },
      woken: (one) => {
        for (const listener of woken) listener(one);
      },
    },
  });
  const lines = {
    get: () => line,
    on: (event: string, listener: (line: SyncLine) => void) => {
      if (event === 'woken') woken.push(listener);
    },
  };
  const config = {
    healthCheckIntervalMs: 1000,
    healthCheckTimeoutMs: 100,
    maxConcurrentHealthChecks: 1,
    unhealthyThreshold: 3,
  };
  const resync = (id: GatewayId) => {
    read.push(id);
    return Promise.resolve();
  };
  // Of each no more than what is used here.
  const health = new HealthService(
    lines as unknown as SyncLines,
    { resync } as unknown as SyncService,
    { setHealth: () => Promise.resolve() } as unknown as GatewaysService,
    { gatewayUp: ignored } as unknown as Meters,
    config as unknown as Config,
    { info: ignored, warn: ignored, error: ignored } as unknown as Log,
  );
  return { line, health, dials, read, fails };
}

describe('a line that rests', () => {
  const { id } = gateway;
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const asleep = async () => {
    const house = made();
    await house.line.open();
    house.line.rest();
    house.health.watch(id, true);
    return house;
  };

  it('is not checked while it has no process', async () => {
    const { health, dials } = await asleep();
    await jest.advanceTimersByTimeAsync(5000);
    expect([dials, health.isResting(id)]).toEqual([['open'], true]);
    await health.stop();
  });

  it('is tried again, as any other, when it did not wake at once; then its lists are read', async () => {
    const { health, dials, read, fails } = await asleep();
    fails.push(new GatewayError('overloaded', { what: 'Too many processes' }));
    fails.push(new GatewayError('upstream_unreachable', { reason: 'no' }));
    await health.check(id);
    expect([dials, read, health.isResting(id)]).toEqual([['open', 'overloaded'], [], false]);
    await jest.advanceTimersByTimeAsync(1000);
    expect([dials.at(-1), health.view(id).consecutiveFailures]).toEqual([
      'upstream_unreachable',
      1,
    ]);
    await jest.advanceTimersByTimeAsync(5000);
    expect([dials.at(-1), new Set(read)]).toEqual(['open', new Set([id])]);
    await health.stop();
  });

  it('is checked when processes serve calls, and does not count as resting', async () => {
    const { health, dials, read } = await asleep();
    health.serves = () => true;
    expect(health.isResting(id)).toBe(false);
    await jest.advanceTimersByTimeAsync(2000);
    expect([dials, read]).toEqual([['open', 'open'], [id]]);
    await health.stop();
  });
});
