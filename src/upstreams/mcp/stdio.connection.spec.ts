import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../test/drive/wait.js';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import type { Config } from '../../config/config.js';
import { Abort } from '../../kernel/abort.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { Log } from '../../platform/log/log.js';
import type { Meters } from '../../platform/metrics/meters.js';
import { sharedWatchdog } from '../../platform/process/watchdog.js';
import type { OpenOptions, UpstreamConnection } from './connection.js';
import { probeRequest } from './probe-request.js';
import { ProcessOutputs } from './process-outputs.service.js';
import { ProcessRoom } from './process-room.service.js';
import { StdioConnections } from './stdio.connection.js';

const FAKE = join(__dirname, '../../../test/fakes/stdio-child.mjs');

const drops: string[] = [];
const counts: number[] = [];
const open: UpstreamConnection[] = [];
let outputs = new ProcessOutputs();

function aKind(limits: Partial<Config> = {}): StdioConnections {
  const meters = {
    dropped: (reason: string) => drops.push(reason),
    stdioProcesses: (_slug: string, count: number) => counts.push(count),
  };
  const config = {
    healthCheckIntervalMs: 60_000,
    healthCheckTimeoutMs: 10_000,
    toolTimeoutMs: 60_000,
    stdioMaxProcesses: 64,
    stdioMaxProcessesPerGateway: 64,
    ...limits,
  } as unknown as Config;
  // Of each no more than what is used here: the specs of Config, Meters and Log are elsewhere.
  return new StdioConnections(
    config,
    meters as unknown as Meters,
    { warn: () => undefined } as unknown as Log,
    outputs,
    new ProcessRoom(config),
  );
}

function options(mode: string, more: Partial<OpenOptions> = {}): OpenOptions {
  return anOpening({
    gateway: aGateway({
      transport: 'STDIO',
      url: null,
      command: process.execPath,
      args: [FAKE, mode],
    }),
    env: { API_KEY: 'k' },
    capabilities: '{"elicitation":{}}',
    initTimeoutMs: 10_000,
    ...more,
  });
}

async function connect(more: Partial<OpenOptions> = {}): Promise<UpstreamConnection> {
  const connection = await aKind().open(options('', more));
  open.push(connection);
  return connection;
}

function call(name: string, args: object = {}, more: Partial<UpstreamRequest> = {}) {
  const params = `"name":"${name}","arguments":${JSON.stringify(args)}`;
  return { ...probeRequest('tools/call', params, 60_000), ...more };
}

async function ask<T>(connection: UpstreamConnection, ...of: Parameters<typeof call>): Promise<T> {
  return JSON.parse(await connection.request(call(...of))) as T;
}

beforeEach(() => {
  drops.length = 0;
  counts.length = 0;
  outputs = new ProcessOutputs();
});
afterEach(() => Promise.all(open.splice(0).map((connection) => connection.close())));
afterAll(() => sharedWatchdog().close());

describe('StdioConnections: room', () => {
  it('has who gives way wait no longer than a check may take', async () => {
    const kind = aKind({ stdioMaxProcesses: 1, healthCheckTimeoutMs: 20 });
    open.push(await kind.open(options('')));
    await expect(kind.open(options('', { givesWay: true }))).rejects.toMatchObject({
      code: 'overloaded',
    });
  });
});

describe('StdioConnections: an upstream that asks and does not read', () => {
  it('is not read either, until it does', async () => {
    const connection = await connect();
    expect(await ask(connection, 'deaf', { pings: 3000 })).toEqual({ blocked: true });
    expect(drops).toContain('upstream_held');
    expect(await ask(connection, 'echo', { text: 'again' })).toBeDefined();
  });

  it('is ended when it never does, and may be started again', async () => {
    const kind = aKind({ toolTimeoutMs: 200 });
    const lost: string[] = [];
    const connection = await kind.open(options('', { onClosed: (reason) => lost.push(reason) }));
    const other = connection.request(call('silent')).catch((e: unknown) => e);
    const error = await connection
      .request(call('deaf', { pings: 3000, isForGood: true }))
      .catch((e: unknown) => e);
    const unknown = {
      code: 'upstream_error',
      message: 'Lost the upstream (it asks and reads no answers), the outcome is unknown',
    };
    expect(error).toMatchObject(unknown);
    expect(await other).toMatchObject(unknown);
    expect([lost, connection.isOpen]).toEqual([['it asks and reads no answers'], false]);
    expect(drops).toContain('upstream_stuck');
    await eventually('its process has ended', () => counts.at(-1) === 0, 15_000);
    const next = await eventually(
      'a new one',
      () => kind.open(options('')).catch(() => null),
      15_000,
    );
    open.push(next);
    expect(await ask(next, 'echo', { text: 'again' })).toBeDefined();
    expect(lost).toHaveLength(1);
  }, 40_000);
});

describe('StdioConnections: what its process writes to stderr', () => {
  it('is shown while it runs, without the secrets it was given', async () => {
    const gateway = options('').gateway;
    const connection = await connect({ gateway, env: { API_KEY: 'sesame-open' } });
    const text = 'the key is sesame-open, token Bearer abcdef\n';
    await ask(connection, 'complain', { text });
    const [output] = await eventually('it is read', () => {
      const found = outputs.of(gateway.id);
      return found[0]?.stderr === '' ? undefined : found;
    });
    expect(output).toMatchObject({
      pid: expect.any(Number) as number,
      endedAt: null,
      stderr: 'the key is [redacted], token Bearer [redacted]',
    });
    await connection.close();
    expect(outputs.of(gateway.id)).toEqual([]);
  });

  it('is kept, and told to those who look after it, when it ends by itself', async () => {
    const kind = aKind();
    const { gateway } = options('dies');
    await expect(kind.open(options('dies', { gateway }))).rejects.toMatchObject({
      message: expect.not.stringContaining('no configuration') as string,
      extras: { wayUp: { detail: 'no configuration' } },
    });
    expect(outputs.of(gateway.id)).toMatchObject([
      { endedAt: expect.any(String) as string, stderr: 'no configuration' },
    ]);
    await expect(kind.open(options('dies', { gateway }))).rejects.toMatchObject({
      extras: { wayUp: { detail: 'its process exited with code 7: no configuration' } },
    });
    kind.forget(gateway.id);
    expect(outputs.of(gateway.id)).toEqual([]);
  });

  it('can be followed as it comes', async () => {
    let heard = '';
    outputs.follow((chunk) => (heard += String(chunk)));
    await ask(await connect(), 'complain', { text: 'one\ntwo' });
    await eventually('it is heard', () => heard === 'one\ntwo');
  });
});

describe('StdioConnections: room', () => {
  it('is given back when the process is gone, by whatever end, and by those that could not start', async () => {
    const kind = aKind({ stdioMaxProcesses: 1 });
    await expect(
      kind.open(options('', { gateway: aGateway({ transport: 'STDIO', command: '/no/such' }) })),
    ).rejects.toMatchObject({ code: 'upstream_unreachable' });
    await expect(kind.open(options('dies'))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    expect(await kind.probe(options(''))).toMatchObject({ era: 'legacy' });
    const first = await kind.open(options(''));
    const second = kind.open(options(''));
    await first.close();
    await (await second).close();
    expect(counts).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  });
});

describe('StdioConnections: opening', () => {
  it('initialises offering the latest revision and takes the one it is given', async () => {
    const connection = await connect();
    expect(connection.isOpen).toBe(true);
    expect(connection.greeting).toEqual({
      era: 'legacy',
      protocolVersion: '2025-06-18',
      capabilities: '{"tools":{}}',
      serverInfo: '{"name":"stdio-child","version":"1"}',
      instructions: null,
    });
    const { seen } = await ask<{ seen: object[] }>(connection, 'seen');
    expect(seen.slice(0, 2)).toEqual([
      {
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: { elicitation: {} },
          clientInfo: { name: 'spec', version: '1' },
        },
      },
      { method: 'notifications/initialized' },
    ]);
  });

  it.each([
    ['speaks:2099-01-01', 'upstream_error', /'2099-01-01'/],
    ['refuses', 'upstream_error', /-32602/],
    ['dies', 'upstream_unreachable', /exited with code 7/],
    ['mute', 'upstream_timeout', /initialize timed out/],
  ])('fails when it %s', async (mode, code, message) => {
    const initTimeoutMs = mode === 'mute' ? 300 : 10_000;
    await expect(aKind().open(options(mode, { initTimeoutMs }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('tells a command that is not there, and makes the next start wait', async () => {
    const kind = aKind();
    const missing = options('');
    const gateway = { ...missing.gateway, command: '/no/such/program' };
    await expect(kind.open({ ...missing, gateway })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('could not be started (ENOENT)') as string,
    });
    await expect(kind.open({ ...missing, gateway })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      extras: { retryAfterSeconds: 1 },
    });
    kind.forget(gateway.id);
    await expect(kind.open({ ...missing, gateway })).rejects.toThrow('ENOENT');
  });
});

describe('StdioConnections: calls', () => {
  it('gives the child the listed environment and nothing of ours', async () => {
    const { env } = await ask<{ env: object }>(await connect(), 'env');
    expect(Object.keys(env).sort()).toEqual(['API_KEY', 'LANG', 'MCPGATEWAY_CHILD', 'PATH']);
  });

  it('survives noise, BOM, CRLF, split characters and a stderr flood', async () => {
    const connection = await connect();
    expect(await ask(connection, 'frames')).toEqual({ text: 'grüße €😀' });
    await ask(connection, 'noise');
    expect(drops).toEqual(['not_json_rpc', 'not_json_rpc']);
    await ask(connection, 'stderr', { bytes: 8 * 1024 * 1024 });
    expect(await ask(connection, 'echo', { text: 'ä' })).toEqual({
      content: [{ type: 'text', text: 'ä' }],
    });
  });

  it('takes no answer but the right one', async () => {
    const connection = await connect();
    expect(await ask(connection, 'ids')).toEqual({ right: true });
    await ask(connection, 'echo');
    expect(drops).toEqual(['response_id', 'response_id', 'response_id']);
  });

  it('fails the call whose answer is longer than 10 MiB and goes on', async () => {
    const connection = await connect();
    await expect(ask(connection, 'flood', { mib: 40 })).rejects.toMatchObject({
      code: 'upstream_error',
    });
    expect(await ask(connection, 'echo', { text: 'on' })).toMatchObject({
      content: [{ text: 'on' }],
    });
  });

  it('relays progress and a question while the call is open', async () => {
    const connection = await connect();
    const heard: string[] = [];
    const observer = {
      progress: (params: string) => heard.push(params),
      notification: () => undefined,
      end: () => undefined,
      ask: (method: string, params: string, answer: (reply: string) => void) => {
        heard.push(`${method} ${params}`);
        answer('"result":{"action":"decline"}');
        return () => undefined;
      },
    };
    await ask(connection, 'progress', {}, { wantsProgress: true, observer });
    expect(await ask(connection, 'ask', {}, { observer })).toEqual({
      answer: { action: 'decline' },
    });
    expect(heard).toEqual(['"progress":1', '"progress":2', 'elicitation/create "message":"who?"']);
  });

  it('tells the child which of our ids is cancelled', async () => {
    const connection = await connect();
    const abort = new Abort();
    const silent = ask(connection, 'silent', {}, { abort });
    abort.abort('enough');
    await expect(silent).rejects.toMatchObject({ code: 'cancelled' });
    const { seen } = await ask<{ seen: object[] }>(connection, 'seen');
    expect(seen.slice(2, 4)).toMatchObject([
      { id: 2, method: 'tools/call' },
      { method: 'notifications/cancelled', params: { requestId: 2, reason: 'enough' } },
    ]);
  });

  it('cancels a call that times out', async () => {
    const connection = await connect();
    await expect(ask(connection, 'silent', {}, { silenceMs: 50 })).rejects.toMatchObject({
      code: 'upstream_timeout',
    });
    const { seen } = await ask<{ seen: object[] }>(connection, 'seen');
    expect(seen).toContainEqual(
      expect.objectContaining({ method: 'notifications/cancelled' }) as object,
    );
  });
});

describe('StdioConnections: ends', () => {
  it('says of the calls in flight at an exit that their outcome is unknown', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const calls = [ask(connection, 'silent'), ask(connection, 'exit', { code: 3 })];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({
        reason: {
          code: 'upstream_error',
          message: 'Lost the upstream (its process exited with code 3), the outcome is unknown',
        },
      });
    expect(onClosed.mock.calls).toEqual([['its process exited with code 3']]);
    expect(connection.isOpen).toBe(false);
    await expect(ask(connection, 'echo')).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    expect(counts).toEqual([1, 0]);
  });

  it('ends the child and what it has started on close, without telling of a loss', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const { pid } = await ask<{ pid: number }>(connection, 'grandchild');
    await connection.close();
    expect(connection.isOpen).toBe(false);
    expect(onClosed).not.toHaveBeenCalled();
    expect(isAlive(pid)).toBe(false);
    expect(counts).toEqual([1, 0]);
  });

  it('rests after five exits within a minute, and leaves other gateways alone', async () => {
    const kind = aKind();
    const failing = options('dies');
    let skipped = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => Date.now() + skipped);
    for (let i = 0; i < 5; i++) {
      await expect(kind.open(failing)).rejects.toThrow('exited with code 7');
      skipped += 9000;
    }
    await expect(kind.open(failing)).rejects.toThrow('ended too often');
    open.push(await kind.open(options('')));
    jest.restoreAllMocks();
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has collected yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}
