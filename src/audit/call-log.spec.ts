import { Writable } from 'node:stream';
import { loadConfig } from '../config/load-config.js';
import type { CallRecord } from '../kernel/call-record.js';
import { createLogger } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { Database } from '../store/database.js';
import { CallLog } from './call-log.js';
import type { PendingCall } from './pending-call.js';

const aCall = (n: number, more: Partial<PendingCall> = {}): PendingCall => ({
  callId: `1-${String(n)}`,
  atMs: Date.now(),
  principal: 'alice',
  clientInfo: '{"name":"inspector","version":"1.2"}',
  serverId: null,
  gateway: 'time',
  tool: 'time-now',
  method: 'tools/call',
  outcome: 'success',
  durationMs: 1.5,
  requestBytes: 10,
  resultBytes: 20,
  ip: '127.0.0.1',
  ...more,
});

describe('CallLog', () => {
  let database: Database;
  let calls: CallLog;
  let meters: Meters;
  let lines: string[];

  beforeEach(async () => {
    const config = loadConfig({ CALL_LOG_RETENTION_DAYS: '7' }, { cwd: __dirname });
    database = await Database.open({ url: 'sqlite::memory:', busyTimeoutMs: 1_000 });
    meters = new Meters(config);
    lines = [];
    const log = createLogger(
      config,
      new Writable({
        write: (chunk, _encoding, done) => {
          lines.push(String(chunk));
          done();
        },
      }),
    );
    calls = new CallLog(database, meters, log, config);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await calls.beforeApplicationShutdown();
    meters.onModuleDestroy();
    await database.onApplicationShutdown().catch(() => undefined);
  });

  const stored = (): Promise<CallRecord[]> => database.repositories.calls.page({ limit: 10_000 });
  const appended = () => {
    const { calls: repository } = database.repositories;
    const append = repository.append.bind(repository);
    const batches: number[] = [];
    const wait = new Promise<void>((resolve) => {
      jest.spyOn(repository, 'append').mockImplementation(async (rows) => {
        await append(rows);
        batches.push(rows.length);
        resolve();
      });
    });
    return { wait, batches };
  };
  const dropped = async () =>
    (await meters.registry.metrics()).match(/^mcpgateway_call_log_dropped_total (\d+)$/m)?.[1];

  it('keeps who called what, and how it ended', async () => {
    calls.record(aCall(1, { atMs: Date.UTC(2026, 0, 2) }));
    await calls.flush();
    const [record] = await stored();
    expect(record).toMatchObject({
      at: '2026-01-02T00:00:00.000Z',
      principal: 'alice',
      client: 'inspector/1.2',
      tool: 'time-now',
      outcome: 'success',
      durationMs: 1.5,
    });
    expect(record?.id.endsWith('-1-1')).toBe(true);
  });

  it('gives ids that sort by time and differ when a process id comes again', async () => {
    calls.record(aCall(1, { atMs: 1_000 }));
    calls.record(aCall(1, { atMs: 2_000_000 }));
    await calls.flush();
    expect((await stored()).map((call) => call.at.slice(14, 19))).toEqual(['33:20', '00:01']);
  });

  it('writes by itself within a second', async () => {
    const { wait, batches } = appended();
    calls.record(aCall(1));
    calls.record(aCall(2));
    await wait;
    expect(batches).toEqual([2]);
  });

  it('writes a full batch without waiting for the second to pass', async () => {
    const { wait, batches } = appended();
    const start = performance.now();
    for (let i = 0; i < 500; i++) calls.record(aCall(i));
    await wait;
    expect(performance.now() - start).toBeLessThan(900);
    expect(batches).toEqual([500]);
  });

  it('drops and counts what the queue cannot hold', async () => {
    for (let i = 0; i < 10_003; i++) calls.record(aCall(i));
    await calls.flush();
    expect(await stored()).toHaveLength(10_000);
    expect(await dropped()).toBe('3');
  });

  it('keeps entries while the database refuses, and says so once', async () => {
    const refusing = jest
      .spyOn(database.repositories.calls, 'append')
      .mockRejectedValueOnce(new Error('disk full'));
    calls.record(aCall(1));
    await calls['drain']();
    expect(await stored()).toHaveLength(0);
    expect(lines.join('')).toContain('call_log.write_failed');
    refusing.mockRestore();
    await calls.flush();
    expect(await stored()).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  it('does not hang the end on a database that refuses', async () => {
    jest.spyOn(database.repositories.calls, 'append').mockRejectedValue(new Error('gone'));
    calls.record(aCall(1));
    await calls.onApplicationShutdown();
    expect(await dropped()).toBe('1');
  });

  it('takes a client that tells nothing useful for none', async () => {
    for (const [i, clientInfo] of [null, '{', 'null', '{"name":5}'].entries())
      calls.record(aCall(i, { clientInfo }));
    await calls.flush();
    expect((await stored()).map((call) => call.client)).toEqual([null, null, null, null]);
  });

  it('forgets what is older than the retention', async () => {
    calls.record(aCall(1, { atMs: Date.now() - 8 * 86_400_000 }));
    calls.record(aCall(2));
    await calls.flush();
    const prune = database.repositories.calls.pruneOlderThan.bind(database.repositories.calls);
    const pruned = new Promise<number>((resolve, reject) => {
      jest.spyOn(database.repositories.calls, 'pruneOlderThan').mockImplementation(async (iso) => {
        const gone = prune(iso);
        gone.then(resolve, reject);
        return gone;
      });
    });
    calls.onApplicationBootstrap();
    expect(await pruned).toBe(1);
    expect(await stored()).toHaveLength(1);
  });
});
