import { loadConfig } from '../config/load-config.js';
import type { Caller } from '../kernel/caller.js';
import { ROLE_PERMISSIONS } from '../kernel/caller.js';
import { createLogger } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { Database } from '../store/database.js';
import { CallLog } from './call-log.js';
import { ItemTally } from './item-tally.service.js';
import { type Trail, Trails } from './trail.js';

const caller: Caller = {
  principal: 'alice',
  type: 'user',
  role: 'operator',
  permissions: ROLE_PERMISSIONS.operator,
  scopes: null,
  limiterKey: 'user:alice',
  principalHash: 'hash',
  visibility: '*',
  expiresAt: Infinity,
  tokenId: null,
};
const target = {
  kind: 'tool' as const,
  id: 't1',
  gatewayId: 'g1',
  tool: 'time-now',
  gateway: 'Time',
  gatewaySlug: 'time',
  server: null,
  upstreamName: 'now',
};

describe('a Trail', () => {
  const config = loadConfig({}, { cwd: __dirname });
  let database: Database;
  let calls: CallLog;
  let tally: ItemTally;
  let meters: Meters;
  let open: (method: string) => Trail;

  beforeEach(async () => {
    database = await Database.open({ url: 'sqlite::memory:', busyTimeoutMs: 1_000 });
    meters = new Meters(config);
    calls = new CallLog(database, meters, createLogger(config), config);
    tally = new ItemTally(database, createLogger(config));
    const trails = new Trails(meters, calls, tally);
    const base = { id: '1-1', transport: 'http' as const, caller, ip: '127.0.0.1', client: null };
    open = (method) => trails.open({ ...base, method });
  });
  afterEach(async () => {
    await calls.beforeApplicationShutdown();
    await tally.beforeApplicationShutdown();
    meters.onModuleDestroy();
    await database.onApplicationShutdown();
  });

  const stored = async () => {
    await calls.flush();
    return database.repositories.calls.page({ limit: 10 });
  };
  const metrics = () => meters.registry.metrics();

  it('counts and logs a tool call once, however often it is closed', async () => {
    const trail = open('tools/call');
    trail.target = target;
    trail.requestBytes = 12;
    trail.close('error', 34);
    trail.close('success', 0);
    expect(await stored()).toMatchObject([
      { tool: 'time-now', gateway: 'Time', outcome: 'error', requestBytes: 12, resultBytes: 34 },
    ]);
    expect(await metrics()).toMatch(
      /^tool_calls_total\{tool="time-now",gateway="time",status="error"\} 1$/m,
    );
  });

  it('counts a call that reached no tool without inventing a label', async () => {
    open('tools/call').close('rate_limited', 0);
    expect(await stored()).toMatchObject([{ tool: null, gateway: null, outcome: 'rate_limited' }]);
    expect(await metrics()).toMatch(/^tool_calls_total\{tool="__other__",.*"rate_limited"\} 1$/m);
  });

  it('counts lists without logging them', async () => {
    open('tools/list').close('success', 100);
    expect(await stored()).toEqual([]);
    expect(await metrics()).toMatch(/^mcpgateway_mcp_requests_total\{method="tools\/list".*\} 1$/m);
  });

  it('logs a method that only the upstream knows', async () => {
    const trail = open('acme/x');
    trail.target = { ...target, kind: 'method', id: 'acme/x', tool: 'acme/x' };
    trail.close('success', 2);
    expect(await stored()).toMatchObject([{ method: 'acme/x', gateway: 'Time' }]);
    expect(await metrics()).not.toContain('acme');
  });

  it('takes no label from a client', async () => {
    open('evil/"method\n').close('error', 0);
    expect(await metrics()).toMatch(/^mcpgateway_mcp_requests_total\{method="unknown".*\} 1$/m);
  });
});
