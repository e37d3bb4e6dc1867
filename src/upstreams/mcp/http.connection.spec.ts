import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import { eventually } from '../../../test/drive/wait.js';
import { startUpstream, type Upstream } from '../../../test/fakes/hostile-upstream/upstream.js';
import { loadConfig } from '../../config/load-config.js';
import { Abort } from '../../kernel/abort.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { UpstreamObserver, UpstreamRequest } from '../../kernel/upstream.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { createLogger } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import type { MirroredArguments } from '../../registry/mirrored-arguments.service.js';
import { type OpenOptions, SessionLostError, type UpstreamConnection } from './connection.js';
import { HttpConnections } from './http.connection.js';
import { probeRequest } from './probe-request.js';

const config = loadConfig({
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
  LOG_LEVEL: 'error',
});
const log = createLogger(config);
const client = new SafeClient(config, new EgressPolicy(config), log);
const meters = new Meters(config);
const mirrored = { of: () => [] } as Pick<MirroredArguments, 'of'> as MirroredArguments;
const kinds = new HttpConnections(client, config, meters, mirrored);

const ANSWERED = { 'content-type': 'application/json', 'mcp-session-id': 's-1' };
const HELLO = {
  result: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    serverInfo: { name: 'no-stream', version: '1' },
  },
};
let upstream: Upstream;
const opened: UpstreamConnection[] = [];

const open = async (more: Partial<OpenOptions> = {}): Promise<UpstreamConnection> => {
  const connection = await kinds.open(
    anOpening({
      gateway: aGateway({ url: upstream.urls.http }),
      capabilities: '{"sampling":{},"elicitation":{},"roots":{}}',
      ...more,
    }),
  );
  opened.push(connection);
  return connection;
};
const call = (
  name: string,
  args: object = {},
  more: Partial<UpstreamRequest> = {},
): UpstreamRequest => ({
  ...probeRequest(
    'tools/call',
    `"name":${JSON.stringify(name)},"arguments":${JSON.stringify(args)}`,
    5000,
  ),
  ...more,
});
const failure = (connection: UpstreamConnection, request: UpstreamRequest) =>
  connection.request(request).then(
    () => 'no failure',
    (e: unknown) => e,
  );
const observer = (more: Partial<UpstreamObserver> = {}): UpstreamObserver => ({
  progress: () => undefined,
  notification: () => undefined,
  end: () => undefined,
  ask: (_m, _p, answer) => {
    answer('"error":{"code":-1,"message":"no"}');
    return () => undefined;
  },
  ...more,
});

beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((c) => c.close()));
});
afterAll(async () => {
  await upstream.close();
  await client.close();
});

describe('HttpConnection', () => {
  it('initialises, calls, and ends its session above', async () => {
    const before = await upstream.live();
    const connection = await open();
    expect(connection.greeting.protocolVersion).toBe('2025-11-25');
    const result = await connection.request(call('echo', { message: 'hi', nonce: 'n1' }));
    expect(result).toContain('hi');
    expect(await upstream.live()).toBe(before + 1);
    await connection.close();
    expect(await upstream.live()).toBe(before);
  });

  it('gives each of many requests its own answer', async () => {
    const connection = await open();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        connection.request(call('echo', { message: `m-${String(i)}-` })),
      ),
    );
    answers.forEach((text, i) => {
      expect(text).toContain(`m-${String(i)}-`);
    });
  });

  it('has a connection for one more call while hundreds are silent', async () => {
    const connection = await open();
    const abort = new Abort();
    const silent = Array.from({ length: 300 }, () =>
      failure(connection, call('hang', {}, { abort })),
    );
    expect(await connection.request(call('echo', { message: 'through' }))).toContain('through');
    abort.abort('enough');
    for (const error of await Promise.all(silent))
      expect(error).toMatchObject({ code: 'cancelled' });
  });

  it('passes progress on under the token it made, and only if it was asked for', async () => {
    const connection = await open();
    const seen: string[] = [];
    const heard = observer({ progress: (params) => seen.push(params) });
    const args = { n: 3, everyMs: 5 };
    await connection.request(call('progress', args, { observer: heard, wantsProgress: true }));
    expect(seen).toHaveLength(3);
    expect(seen[0]).not.toContain('progressToken');
    await connection.request(call('progress', args, { observer: heard }));
    expect(seen).toHaveLength(3);
  });

  it('carries a question of the upstream to its observer and the answer back', async () => {
    const asked: string[] = [];
    let asks = 0;
    const connection = await open({ onAsks: () => asks++ });
    const result = await connection.request(
      call(
        'sample',
        {},
        {
          observer: observer({
            ask: (method, _params, answer) => {
              asked.push(method);
              answer(
                '"result":{"role":"assistant","content":{"type":"text","text":"forty-two"},"model":"m"}',
              );
              return () => undefined;
            },
          }),
        },
      ),
    );
    expect(asked).toEqual(['sampling/createMessage']);
    expect(asks).toBe(1);
    expect(result).toContain('forty-two');
  });

  it('tells the upstream its own id when a call is aborted', async () => {
    const connection = await open();
    const abort = new Abort();
    const failed = failure(connection, call('slow', { ms: 5000, nonce: 'c1' }, { abort }));
    while (upstream.journal.times('c1') === 0) await new Promise(setImmediate);
    abort.abort('changed my mind');
    expect(await failed).toMatchObject({ code: 'cancelled' });
    while (upstream.journal.cancelOf('c1') === undefined) await new Promise(setImmediate);
    const [sent] = upstream.journal.calls('c1');
    expect(upstream.journal.cancelOf('c1')?.tMono).toBeLessThan((sent?.tMono ?? 0) + 1000);
  });

  it.each(['hang', 'headers_then_hang'])('ends a call that is silent (%s)', async (tool) => {
    const connection = await open();
    const started = performance.now();
    const error = await failure(connection, call(tool, { nonce: tool }, { silenceMs: 150 }));
    expect(error).toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(upstream.journal.times(tool)).toBe(1);
  });

  it('cancels and listens though every connection for calls is taken', async () => {
    const gateway = aGateway({ url: upstream.urls.http, maxConcurrency: 1 });
    const connection = await open({ gateway });
    void connection.listen();
    const { journal } = upstream;
    while (!journal.events().some((e) => e.event === 'listen')) await new Promise(setImmediate);
    const abort = new Abort();
    const failed = failure(connection, call('slow', { ms: 9000, nonce: 'only' }, { abort }));
    while (journal.times('only') === 0) await new Promise(setImmediate);
    abort.abort('enough');
    expect(await failed).toMatchObject({ code: 'cancelled' });
    while (journal.cancelOf('only') === undefined) await new Promise(setImmediate);
    expect(await connection.request(call('echo', { message: 'next' }))).toContain('next');
  });

  it('does not take stream comments for a sign of life', async () => {
    const connection = await open();
    const args = { nonce: 'comments', everyMs: 10 };
    const error = await failure(connection, call('comments', args, { silenceMs: 200 }));
    expect(error).toMatchObject({ code: 'upstream_timeout' });
    while (upstream.journal.cancelOf('comments') === undefined) await new Promise(setImmediate);
  });

  it.each([
    ['429', 429, 'answered'],
    ['503', 503, 'failed'],
  ])('reads when a refusal by %s wants to be asked again', async (_, code, reach) => {
    const connection = await open();
    const args = { nonce: `refuse-${String(code)}`, code, headers: { 'retry-after': '7' } };
    expect(await failure(connection, call('refuse', args))).toMatchObject({
      code: 'upstream_error',
      extras: { wayUp: { reach, askAgainMs: 7000 } },
    });
  });

  it.each([
    ['close', 'failed'],
    ['html502', 'failed'],
    ['half', 'answered'],
    ['wrongtype', 'answered'],
    ['bigheader', 'answered'],
  ])('tells whether the upstream is there after %s', async (tool, reach) => {
    const connection = await open();
    expect(await failure(connection, call(tool))).toMatchObject({ extras: { wayUp: { reach } } });
  });

  it('makes an error in answer to initialize its own, and ends the session that it made', async () => {
    const before = await upstream.live();
    await upstream.set({
      session: { refuseInitialize: { code: -32099, message: 'licence\nexpired' } },
    });
    const error: unknown = await open().catch((e: unknown) => e);
    await upstream.set({ session: { refuseInitialize: null } });
    expect(error).toMatchObject({
      code: 'upstream_error',
      message: 'Upstream refused initialize with JSON-RPC error -32099: licence?expired',
    });
    expect(await upstream.live()).toBe(before);
  });

  it('does not cancel an initialize that takes too long', async () => {
    await upstream.set({ session: { delayInitializeMs: 300 } });
    const slow: unknown = await open({ initTimeoutMs: 50 }).catch((e: unknown) => e);
    await upstream.set({ session: { delayInitializeMs: 0 } });
    expect(slow).toMatchObject({ code: 'upstream_timeout' });
    await (await open()).request(call('ok', { nonce: 'after-slow' }));
    expect(upstream.journal.events().filter((e) => e.event === 'cancel' && e.id === 1)).toEqual([]);
  });

  it('keeps to the total however much progress comes', async () => {
    const connection = await open();
    const request = call(
      'progress',
      { n: 100, everyMs: 20 },
      {
        observer: observer(),
        wantsProgress: true,
        silenceMs: 200,
        totalMs: 400,
      },
    );
    expect(await failure(connection, request)).toMatchObject({ code: 'upstream_timeout' });
  });

  it.each([
    'half',
    'garbage',
    'html502',
    'wrongid',
    'stringid',
    'badutf8',
    'close',
    'badchunk',
    'wrongtype',
    'array',
    'noresult',
    'numberresult',
    'numbererror',
  ])('answers %s with one defined error and goes on', async (tool) => {
    const connection = await open();
    const nonce = `bad-${tool}`;
    const error = await failure(connection, call(tool, { nonce }, { silenceMs: 1500 }));
    expect(error).toMatchObject({
      code: expect.stringMatching(/^upstream_(error|timeout)$/) as string,
    });
    expect(upstream.journal.times(nonce)).toBe(1);
    expect(await connection.request(call('echo', { message: 'still here' }))).toContain(
      'still here',
    );
  });

  it.each(['ping', 'sampling/createMessage', 'no/such'])(
    'answers as many %s at once as are taken, drops the rest, and goes on with the call',
    async (method) => {
      const connection = await open();
      const dropped = jest.spyOn(meters, 'dropped');
      const nonce = `flood-${method}`;
      const n = 3000;
      const result = await connection.request(call('questions', { n, method, nonce }));
      expect(result).toContain('asked');
      const answered = () =>
        upstream.journal
          .events()
          .filter((e) => e.event === 'response' && String(e.id).startsWith(`${nonce}-`)).length;
      const lost = dropped.mock.calls.filter(([reason]) => reason === 'response_flood').length;
      dropped.mockRestore();
      expect(lost).toBeGreaterThan(1000);
      await eventually('the others are answered', () => answered() === n - lost);
      expect(answered()).toBeGreaterThanOrEqual(256);
    },
  );

  it.each(['numberresult', 'numbererror'])('takes %s in an event for no answer', async (tool) => {
    const connection = await open();
    expect(await failure(connection, call(tool, { isStreamed: true }))).toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(/no object|no JSON-RPC error/) as string,
    });
  });

  it('never follows a redirect', async () => {
    const connection = await open();
    const error = await failure(
      connection,
      call('redirect', { code: 307, to: upstream.urls.http }),
    );
    expect(error).toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('307') as string,
    });
  });

  it("passes the upstream's own error on as it came", async () => {
    const connection = await open();
    const error = await failure(connection, call('rpcerror', { code: -32050 }));
    expect(error).toBeInstanceOf(UpstreamRpcError);
    expect((error as UpstreamRpcError).code).toBe(-32050);
  });

  it.each([404, 400, 410] as const)('knows a forgotten session by %i', async (status) => {
    const connection = await open();
    await upstream.set({ session: { status, forgetNow: true } });
    expect(await failure(connection, call('ok'))).toBeInstanceOf(SessionLostError);
  });

  it('says unreachable only where nothing was sent', async () => {
    const connection = await open();
    await upstream.die('kill9');
    const gone = await failure(connection, call('ok'));
    expect(gone).toMatchObject({
      code: expect.stringMatching(/^upstream_(unreachable|error)$/) as string,
    });
    expect(await failure(connection, call('ok'))).toMatchObject({ code: 'upstream_unreachable' });
    await upstream.restart();
    expect(await failure(connection, call('ok'))).toBeInstanceOf(SessionLostError);
  });

  it('hears what the upstream says unasked', async () => {
    const heard: string[] = [];
    let resolve: (() => void) | undefined;
    const arrived = new Promise<void>((r) => (resolve = r));
    const connection = await open({
      onNotification: (method) => {
        heard.push(method);
        resolve?.();
      },
    });
    await connection.listen();
    const emitting = setInterval(() => {
      void upstream.emit({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    }, 50);
    await arrived;
    clearInterval(emitting);
    expect(heard[0]).toBe('notifications/tools/list_changed');
  });

  it('stays open where the upstream has no stream of its own', async () => {
    const server = createServer((req, res) => {
      if (req.method === 'GET') res.writeHead(404).end();
      else if (req.method === 'DELETE') res.writeHead(204).end();
      else
        req.setEncoding('utf8').once('data', (text: string) => {
          const { id } = JSON.parse(text) as { id?: number };
          if (id === undefined) res.writeHead(202).end();
          else res.writeHead(200, ANSWERED).end(JSON.stringify({ jsonrpc: '2.0', id, ...HELLO }));
        });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const lost: string[] = [];
    const connection = await open({
      gateway: aGateway({ url: `http://127.0.0.1:${String(port)}/mcp` }),
      onClosed: (reason) => lost.push(reason),
    });
    await connection.listen();
    expect(connection.isOpen).toBe(true);
    expect(await connection.request(call('ok'))).toContain('2025-11-25');
    expect(lost).toEqual([]);
    await new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  });

  describe('a question on the stream that names no call', () => {
    const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: {} };
    /** So many calls in flight; tells who was asked. */
    const askedWhile = async (calls: number, isOtherGone = false): Promise<string> => {
      let tell: (who: string) => void = () => undefined;
      const asked = new Promise<string>((resolve) => (tell = resolve));
      const connection = await open({
        onRequest: () => {
          tell('nobody');
          return '"error":{"code":-32601,"message":"nobody"}';
        },
      });
      await connection.listen();
      const abort = new Abort();
      const ask: UpstreamObserver['ask'] = (method, _params, answer) => {
        tell(method);
        answer('"result":{"action":"decline"}');
        return () => undefined;
      };
      const nonces = Array.from(
        { length: calls },
        (_, i) => `get-${String(isOtherGone)}-${String(calls)}-${String(i)}`,
      );
      const running = nonces.map((nonce) =>
        failure(
          connection,
          call('slow', { ms: 20_000, nonce }, { abort, observer: observer({ ask }) }),
        ),
      );
      await eventually('the calls arrive', () =>
        nonces.every((nonce) => upstream.journal.times(nonce) === 1),
      );
      if (isOtherGone) {
        const gone = new Abort();
        const request = call('slow', { ms: 20_000, nonce: 'get-gone' }, { abort: gone });
        const other = { ...request, client: { ...request.client, sessionId: 'another' } };
        const ended = failure(connection, other);
        await eventually('it arrives', () => upstream.journal.times('get-gone') === 1);
        gone.abort('cancelled');
        await ended;
      }
      await upstream.emit(question);
      const who = await asked;
      abort.abort('enough');
      await Promise.all(running);
      return who;
    };

    it('is for the only call in flight', async () => {
      expect(await askedWhile(1)).toBe('elicitation/create');
    });

    it('is refused while it may be of a call of another client that was given up', async () => {
      expect(await askedWhile(1, true)).toBe('nobody');
    });

    it('is refused while there are several', async () => {
      expect(await askedWhile(2)).toBe('nobody');
    });
  });
});
