import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { WebSocket } from 'ws';
import { startChild } from '../drive/child.cjs';
import { ROOT } from '../drive/gateway-process.cjs';
import { StdioClient } from '../drive/stdio-client.js';
import { eventually } from '../drive/wait.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

const PROGRAM = join(ROOT, 'dist/cli/mcpgateway.js');
/** The house is loaded before it answers: on a busy machine that takes its time. */
const START_MS = 40_000;
const EVERYTHING = `node ${join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')} stdio`;

const CHILD = `node ${join(ROOT, 'test/fakes/stdio-child.mjs')}`;

interface Translated {
  readonly url: string;
  readonly output: () => string;
  stop(): Promise<{ code: number | null }>;
}

async function translated(args: readonly string[], stdio = EVERYTHING): Promise<Translated> {
  const all = [PROGRAM, 'translate', '--stdio', stdio, '--port', '0', ...args];
  const started = await startChild(process.execPath, all, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], FROM_OUTSIDE: 'yes' },
    cwd: ROOT,
    ready: (line: string) => /Listening on (http:\S+)/.exec(line)?.[1],
  });
  return { url: started.value, output: started.output, stop: () => started.stop() };
}

const exitOf = (args: readonly string[]): Promise<number | string | null> =>
  new StdioClient(['translate', ...args], {}, PROGRAM).exited;

// Deprecated by its own makers, and still what many clients speak.
// eslint-disable-next-line @typescript-eslint/no-deprecated
const SseV1 = SSEClientTransport;

type Anything = Parameters<ClientV1['connect']>[0];

async function v1(transport: Anything): Promise<ClientV1> {
  const client = new ClientV1({ name: 'v1', version: '1' });
  await client.connect(transport);
  return client;
}
const sum = { name: 'get-sum', arguments: { a: 2, b: 3 } };
const FIVE = [{ type: 'text', text: 'The sum of 2 and 3 is 5.' }];

/** The client of SDK 1 takes the one of browsers. */
beforeAll(() => Object.assign(globalThis, { WebSocket }));
afterAll(() => Reflect.deleteProperty(globalThis, 'WebSocket'));

describe('translate, a program on a port', () => {
  let translation: Translated;
  beforeAll(async () => {
    translation = await translated(['--expose', 'mcp,sse,ws', '--ssePath', '/events']);
  });
  afterAll(() => translation.stop());
  const url = (path: string): URL => new URL(translation.url + path);

  it('serves the client of SDK 2 with the names of the program itself', async () => {
    const client = new Client(
      { name: 'v2', version: '1' },
      { versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(new StreamableHTTPClientTransport(url('/mcp')));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-sum']));
    expect((await client.callTool(sum)).content).toEqual(FIVE);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('simple-prompt');
    const { resources } = await client.listResources();
    expect(resources.length).toBeGreaterThan(0);
    await client.close();
  });

  it.each([
    ['Streamable HTTP', () => new HttpV1(url('/mcp')) as Anything],
    ['HTTP+SSE', () => new SseV1(url('/sse'))],
    ['HTTP+SSE at its own path', () => new SseV1(url('/events'))],
    [
      'WebSocket',
      () => new WebSocketClientTransport(new URL(url('/ws').href.replace('http', 'ws'))),
    ],
  ])('serves the client of SDK 1 over %s', async (_way, transport) => {
    const client = await v1(transport());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('get-sum');
    expect((await client.callTool(sum)).content).toEqual(FIVE);
    await client.close();
  });

  it('hands the environment on', async () => {
    const client = await v1(new HttpV1(url('/mcp')));
    const { content } = await client.callTool({ name: 'get-env', arguments: {} });
    expect(JSON.stringify(content)).toContain('FROM_OUTSIDE');
    await client.close();
  });

  it('answers health, and nothing that is not exposed', async () => {
    const health = await fetch(url('/healthz'));
    expect([health.status, await health.text()]).toEqual([200, 'ok']);
    for (const path of ['/', '/rpc', '/gateways', '/servers/x/mcp', '/metrics', '/mcp/x'])
      expect((await fetch(url(path))).status).toBe(404);
    const foreign = await fetch(url('/mcp'), {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
    expect(foreign.status).toBe(403);
  });

  it('lets its program speak on stderr', async () => {
    const other = await translated([], CHILD);
    const client = await v1(new HttpV1(new URL(`${other.url}/mcp`)));
    await client.callTool({ name: 'complain', arguments: { text: 'out of cheese\n' } });
    await eventually('it is heard', () => other.output().includes('out of cheese'));
    await client.close();
    await other.stop();
  });

  it('ends with its program on SIGTERM', async () => {
    const other = await translated([]);
    expect(await other.stop()).toMatchObject({ code: 143 });
  });
});

describe('translate, with flags', () => {
  const running: Translated[] = [];
  const started = async (args: readonly string[], stdio = EVERYTHING): Promise<string> => {
    const one = await translated(args, stdio);
    running.push(one);
    return `${one.url}/mcp`;
  };
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });
  const initialize = (more: Record<string, string> = {}) => ({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...more,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      },
    }),
  });

  it('gives no session with --stateless, JSON with --jsonResponse, CORS with --cors', async () => {
    const at = await started(['--stateless', '--jsonResponse', '--cors', 'https://app.example']);
    const answer = await fetch(at, initialize({ origin: 'https://app.example' }));
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('mcp-session-id')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await answer.json()).toHaveProperty('result');
    const client = await v1(new HttpV1(new URL(at)));
    expect((await client.callTool(sum)).content).toEqual(FIVE);
    await client.close();
  });

  it('names the path of --messagePath on the stream of --ssePath', async () => {
    const at = await started(['--ssePath', '/events', '--messagePath', '/post/here'], CHILD);
    const stream = await fetch(at.replace('/mcp', '/events'));
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toMatch(
      /event: endpoint\ndata: \/post\/here\?session_id=/,
    );
    await reader.cancel();
    const client = await v1(new SseV1(new URL(at.replace('/mcp', '/events'))));
    expect((await client.callTool({ name: 'count', arguments: {} })).content).toHaveLength(1);
    await client.close();
  });

  it('hangs up on who does not finish the head of a request', async () => {
    const { hostname, port } = new URL(await started([], CHILD));
    const socket = connect(Number(port), hostname);
    const since = performance.now();
    socket.write('POST /mcp HTTP/1.1\r\nhost: x\r\n');
    await once(socket.resume(), 'close');
    expect(performance.now() - since).toBeLessThan(15_000);
  });

  it.each([
    [
      ['--stateless', '--jsonResponse'],
      ['1', '1'],
    ],
    [['--jsonResponse'], ['1', '2']],
  ])('starts a program for each request with --stateless only (%j)', async (flags, counts) => {
    const at = await started(flags, CHILD);
    const { headers } = initialize();
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'count' } };
    const seen: unknown[] = [];
    const opened = await fetch(at, initialize());
    await opened.text();
    const session = opened.headers.get('mcp-session-id');
    const more = session === null ? {} : { 'mcp-session-id': session };
    for (let n = 0; n < 2; n++) {
      const body = JSON.stringify(call);
      const answer = await fetch(at, { method: 'POST', headers: { ...headers, ...more }, body });
      const { result } = (await answer.json()) as { result: { content: [{ text: string }] } };
      seen.push(result.content[0].text);
    }
    expect(seen).toEqual(counts);
  });

  it('serves only what --expose names, to who has the token of --oauth2Bearer', async () => {
    const at = await started(['--expose', 'mcp', '--oauth2Bearer', 'sesame']);
    expect((await fetch(at, initialize())).status).toBe(401);
    expect((await fetch(at, initialize({ authorization: 'Bearer sesamE' }))).status).toBe(401);
    const requestInit = { headers: { authorization: 'Bearer sesame' } };
    const client = await v1(new HttpV1(new URL(at), { requestInit }));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
    const sse = await fetch(at.replace('/mcp', '/sse'), requestInit);
    expect(sse.status).toBe(404);
    const stream = await fetch(at, initialize(requestInit.headers));
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    await stream.text();
  });

  it('answers preflights, which carry no token, with --oauth2Bearer', async () => {
    const origin = 'https://app.example';
    const at = await started(['--oauth2Bearer', 'sesame', '--cors', origin]);
    const preflight = (from: string) =>
      fetch(at, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
    const allowed = await preflight(origin);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
      204,
      origin,
    ]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    const foreign = await preflight('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    expect((await fetch(at, { method: 'OPTIONS', headers: { origin } })).status).toBe(401);
  });

  it('gives each session a program with the headers of its client as variables', async () => {
    const at = await started(['--enable-dynamic-env', '--header-to-env', 'X-Api-Key=API_KEY']);
    const keyOf = async (key: string | null): Promise<unknown> => {
      const requestInit = key === null ? {} : { headers: { 'x-api-key': key } };
      const client = await v1(new HttpV1(new URL(at), { requestInit }));
      const { content } = await client.callTool({ name: 'get-env', arguments: {} });
      await client.close();
      const [{ text }] = content as [{ text: string }];
      return (JSON.parse(text) as Record<string, unknown>)['API_KEY'];
    };
    expect(await Promise.all([keyOf('a'), keyOf('b'), keyOf(null)])).toEqual(['a', 'b', undefined]);
  });

  it.each([
    ['event streams', []],
    ['JSON', ['--jsonResponse']],
  ])('knows the program of a session by its id, with answers as %s', async (_as, flags) => {
    const at = await started([
      '--enable-dynamic-env',
      '--header-to-env',
      'X-Api-Key=API_KEY',
      ...flags,
    ]);
    const opened = await fetch(at, initialize({ 'x-api-key': 'mine' }));
    await opened.text();
    const call = initialize({ 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' });
    const body = call.body
      .replace('"initialize"', '"tools/call"')
      .replace(/"params":.*/, '"params":{"name":"get-env"}}');
    const answer = await (await fetch(at, { ...call, body })).text();
    expect(answer).toContain(String.raw`\"API_KEY\": \"mine\"`);
    const other = { ...call, headers: { ...call.headers, 'x-api-key': 'theirs' }, body };
    const theirs = await (await fetch(at, other)).text();
    expect(theirs).not.toContain('mine');
  });

  it('answers what it cannot do', async () => {
    const codes = await Promise.all([
      exitOf([]),
      exitOf(['--connect', 'http://127.0.0.1:1/mcp']),
      exitOf(['--stdio', 'x', '--connect', 'http://127.0.0.1:1/mcp']),
      exitOf(['--stdio', 'a "b']),
      exitOf(['--stdio', 'x', '--expose', 'mcp,grpc']),
      exitOf(['--stdio', 'x', '--enable-dynamic-env', '--header-to-env', 'X=LD_PRELOAD']),
      exitOf(['--stdio', 'x', '--header-to-env', 'X=API_KEY']),
      exitOf(['--grpc', 'localhost:1']),
      exitOf(['--stdio', 'no-such-program-anywhere']),
      exitOf(['--connect', 'http://127.0.0.1:1/mcp', '--stdio']),
    ]);
    expect(codes).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 4, 4]);
  });
});

describe('translate, a remote server on stdio', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());
  const running: StdioClient[] = [];
  afterEach(() => {
    for (const client of running.splice(0)) client.kill();
  });
  const speak = (...args: string[]): StdioClient => {
    const all = ['translate', '--stdio', '--logLevel', 'none', ...args];
    const client = new StdioClient(all, {}, PROGRAM);
    running.push(client);
    return client;
  };

  it.each([
    ['--connect', () => upstream.urls.http],
    ['--connect-streamable-http', () => upstream.urls.http],
    ['--connect-sse', () => upstream.urls.sse],
    ['--sse', () => upstream.urls.sse],
  ])('speaks JSON-RPC only on stdout with %s', async (flag, at) => {
    const client = speak(flag, at());
    expect((await client.initialize({}, '2025-11-25', START_MS)).result.protocolVersion).toBe(
      '2025-11-25',
    );
    const { result } = await client.call('echo', { message: 'hä\n😀' });
    expect(result.content[0].text).toBe('hä\n😀');
    client.write('no json\n');
    expect((await client.answerTo(null)).error?.code).toBe(-32700);
    expect(await client.end()).toBe(0);
  });

  it('sends the token of --oauth2Bearer to the remote server', async () => {
    const client = speak('--connect', upstream.urls.http, '--oauth2Bearer', 'sesame');
    await client.initialize({}, '2025-11-25', START_MS);
    await client.call('ok');
    expect(await client.end()).toBe(0);
    const seen = JSON.stringify(upstream.journal.events());
    expect(seen).toContain('Bearer sesame');
  });

  it('relays questions of the remote server, and gives open calls 2 s at the end', async () => {
    const client = speak('--connect', upstream.urls.http);
    client.respond = () => ({
      result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'well' } },
    });
    await client.initialize({ sampling: {} }, '2025-11-25', START_MS);
    const { result } = await client.call('sample', { prompt: 'hello' });
    expect(result.content[0].text).toContain('well');
    const open = client.ask('tools/call', { name: 'slow', arguments: { ms: 300 } });
    expect(await client.end()).toBe(0);
    expect((await client.answerTo(open)).result).toBeDefined();
  });

  it('serves the client of SDK 2', async () => {
    const args = [PROGRAM, 'translate', '--stdio', '--connect', upstream.urls.http];
    const client = new Client(
      { name: 'v2', version: '1' },
      { versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }),
    );
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    const said = await client.callTool({ name: 'echo', arguments: { message: 'modern' } });
    expect(said.content).toMatchObject([{ type: 'text', text: 'modern' }]);
    const subscription = await client.listen({ toolsListChanged: true });
    expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
    await client.close();
  });
});
