import { spawn } from 'node:child_process';
import { startGateway } from '../drive/gateway-process.cjs';
import { StdioClient } from '../drive/stdio-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, worldOf, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

const running: StdioClient[] = [];
afterEach(() => {
  for (const client of running.splice(0)) client.kill();
});

function wrapper(url: string, args: string[] = [], env: Record<string, string> = {}): StdioClient {
  const client = new StdioClient(['--url', url, ...args], env);
  running.push(client);
  return client;
}

describe('mcpgateway-wrapper before a gateway', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld();
  });
  afterAll(() => world.end());

  const start = (args: string[] = [], path = ''): StdioClient =>
    wrapper(world.url + path, args, { MCPGATEWAY_TOKEN: world.token });

  it('initialises, lists, calls, and ends with 0 at the end of stdin', async () => {
    const client = start();
    const { result } = await client.initialize();
    expect(result.protocolVersion).toBe('2025-11-25');
    const { result: list } = await client.request('tools/list');
    expect(list.tools.map((t: { name: string }) => t.name)).toContain('kit-echo');
    const { result: said } = await client.call('kit-echo', { message: 'hä\n😀' });
    expect(said.content[0].text).toBe('hä\n😀');
    const endedAt = performance.now();
    expect(await client.end()).toBe(0);
    expect(performance.now() - endedAt).toBeLessThan(2000);
    expect(client.stderr).toBe('');
  });

  it('takes messages that do not wait for each other, the last without line end', async () => {
    const client = start([], '/mcp');
    const initialize = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'pipe', version: '1' },
    };
    client.ask('initialize', initialize);
    client.notify('notifications/initialized');
    client.write(
      '{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"kit-ok","arguments":{}}}',
    );
    expect(await client.end()).toBe(0);
    expect((await client.answerTo('last')).result.content[0].text).toBe('ok');
  });

  it('passes results on byte for byte', async () => {
    const client = start();
    await client.initialize();
    await client.call('kit-structured');
    expect(client.raw.at(-1)).toContain('"a":12345678901234567890,"f":1.0,"e":1e2,"neg":-0');
  });

  it('relays progress under the token of the client', async () => {
    const client = start();
    await client.initialize();
    const answer = await client.call('kit-progress', { n: 3 }, { _meta: { progressToken: 'p' } });
    expect(answer.result.content[0].text).toBe('done');
    const steps = client.notices('notifications/progress').map((m) => m.params);
    expect(steps).toMatchObject([1, 2, 3].map((progress) => ({ progress, progressToken: 'p' })));
  });

  it('lets progress restart the timeout', async () => {
    const client = start(['--timeout', '0.6']);
    await client.initialize();
    const meta = { _meta: { progressToken: 1 } };
    const slow = await client.call('kit-progress', { n: 6, everyMs: 200 }, meta);
    expect(slow.result.content[0].text).toBe('done');
    const hung = await client.call('kit-hang', { nonce: 'wrapper-hang' });
    expect(hung.error).toMatchObject({ code: 50400, data: { code: 'upstream_timeout' } });
    await eventually('the upstream hears of it', () =>
      world.upstream.journal.cancelOf('wrapper-hang'),
    );
  });

  it('carries a cancellation to the upstream and answers nothing', async () => {
    const client = start();
    await client.initialize();
    const id = client.ask('tools/call', {
      name: 'kit-cancellable',
      arguments: { nonce: 'wrapper-cancel' },
    });
    await eventually(
      'the call arrives',
      () => world.upstream.journal.times('wrapper-cancel') === 1,
    );
    client.notify('notifications/cancelled', { requestId: id, reason: 'enough' });
    await eventually('the upstream hears', () => world.upstream.journal.cancelOf('wrapper-cancel'));
    await client.request('ping');
    expect(client.messages.some((m) => m.id === id)).toBe(false);
    expect(await client.end()).toBe(0);
  });

  it('relays questions of the upstream and the answers of the client', async () => {
    const client = start(['--timeout', '2']);
    client.respond = (request) => ({
      result: {
        role: 'assistant',
        model: 'm',
        content: { type: 'text', text: `to ${String(request.method)}` },
      },
    });
    await client.initialize({ sampling: {} });
    const { result } = await client.call('kit-sample', { prompt: 'hello' });
    expect(result.content[0].text).toContain('to sampling/createMessage');
  });

  it('hears what the gateway says unasked', async () => {
    const client = start();
    await client.initialize();
    await client.call('kit-listchanged');
    await eventually('the notice', () => client.notices('notifications/tools/list_changed').at(0));
  });

  it('sends what exceeds --concurrency later, and lets ping pass', async () => {
    const client = start(['--concurrency', '2']);
    await client.initialize();
    const ids = [1, 2, 3, 4].map((i) =>
      client.ask('tools/call', {
        name: 'kit-slow',
        arguments: { ms: 300, nonce: `wrapper-c${String(i)}` },
      }),
    );
    await client.request('ping');
    const arrived = [1, 2, 3, 4].map((i) => world.upstream.journal.times(`wrapper-c${String(i)}`));
    expect(arrived.slice(2)).toEqual([0, 0]);
    for (const id of ids) expect((await client.answerTo(id)).result).toBeDefined();
  });

  it('answers clients that probe for the modern era so that they initialise', async () => {
    const client = start();
    expect((await client.request('server/discover')).error?.code).toBe(-32601);
    expect((await client.initialize()).result).toBeDefined();
  });

  it.each([
    ['a wrong token', 'Bearer nonsense', '', 3],
    ['no server of that name', null, '/servers/nobody', 4],
    ['no endpoint of that path', null, '/nowhere', 4],
  ])('says %s in words and ends', async (_what, auth, path, exitCode) => {
    const client = start(auth === null ? [] : ['--auth', auth], path);
    const { error } = await client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    });
    expect(error?.message).toMatch(/token|not found|Check the URL|No route/);
    expect(await client.exited).toBe(exitCode);
  });

  it('ends its session when it is told to stop', async () => {
    const client = start();
    await client.initialize();
    expect(await client.signal('SIGTERM')).toBe(143);
  });
});

describe('mcpgateway-wrapper and hostile input', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());

  const unknown = { jsonrpc: '2.0', id: null, error: { code: -32700 } };

  it('reads CRLF, a byte order mark and characters split over chunks', async () => {
    const client = wrapper(upstream.urls.http);
    await client.initialize();
    const text = (id: number): string =>
      `{"jsonrpc":"2.0","id":${String(id)},"method":"tools/call","params":{"name":"echo","arguments":{"message":"ü😀"}}}`;
    client.write(`\ufeff${text(100)}\r\n`);
    expect((await client.answerTo(100)).result.content[0].text).toBe('ü😀');
    const bytes = Buffer.from(`${text(101)}\n`);
    const middle = bytes.indexOf(0xf0) + 2;
    client.write(bytes.subarray(0, middle));
    // Answers come back while half of a character is waiting for the rest.
    await upstream.emit({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await eventually('the notice', () => client.notices('notifications/tools/list_changed').at(0));
    client.write(bytes.subarray(middle));
    expect((await client.answerTo(101)).result.content[0].text).toBe('ü😀');
  });

  it.each([
    ['noise', Buffer.from('Welcome to my shell!\n')],
    ['NUL', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a\0"}\n')],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
    ['a line of 11 MB', Buffer.from(`"${'x'.repeat(11 * 1024 * 1024)}"\n`)],
    ['half a message', Buffer.from('{"jsonrpc":"2.0","id":1,\n')],
  ])('answers %s with -32700, says so on stderr and goes on', async (_what, bytes) => {
    const client = wrapper(upstream.urls.http);
    client.write(bytes);
    expect(await client.answerTo(null)).toMatchObject(unknown);
    expect(client.stderr).toContain('input.unreadable');
    expect((await client.initialize()).result).toBeDefined();
    expect(await client.end()).toBe(0);
    expect(client.messages.filter((m) => m.id === null)).toHaveLength(1);
  });

  it('names the request where the id is known', async () => {
    const client = wrapper(upstream.urls.http);
    client.write('{"jsonrpc":"1.0","id":"seven","method":"ping"}\n');
    expect((await client.answerTo('seven')).error?.code).toBe(-32600);
  });

  it('ends with 0 when stdin ends within a message', async () => {
    const client = wrapper(upstream.urls.http);
    await client.initialize();
    client.write('{"jsonrpc":"2.0","id":9,"met');
    const endedAt = performance.now();
    expect(await client.end()).toBe(0);
    expect(performance.now() - endedAt).toBeLessThan(2000);
    expect(client.messages.at(-1)).toMatchObject(unknown);
  });

  it('gives open calls two seconds at the end of stdin, then an error', async () => {
    const client = wrapper(upstream.urls.http);
    await client.initialize();
    const slow = client.ask('tools/call', { name: 'slow', arguments: { ms: 500 } });
    const hung = client.ask('tools/call', { name: 'hang', arguments: {} });
    expect(await client.end()).toBe(0);
    expect((await client.answerTo(slow)).result).toBeDefined();
    expect((await client.answerTo(hung)).error?.code).toBe(-32800);
    expect(upstream.journal.events().some((e) => e.event === 'delete')).toBe(true);
  });

  it('answers 2 without a URL, 1 to flags it does not know', async () => {
    const codes = [
      [],
      ['--what'],
      ['--url', 'gopher://x'],
      ['--era', 'middle', '--url', 'http://x'],
    ];
    const exits = codes.map((args) => new StdioClient(args).exited);
    expect(await Promise.all(exits)).toEqual([2, 1, 1, 1]);
  });

  it('answers the first request and 4 when nobody is there', async () => {
    const client = wrapper('http://127.0.0.1:1/mcp');
    const { error } = await client.request('initialize');
    expect(error?.message).toContain('connection refused');
    expect(await client.exited).toBe(4);
  });

  it('is up within 150 ms, or twice what Node takes alone where that is slow', async () => {
    const own: number[] = [];
    const bare: number[] = [];
    for (let i = 0; i < 5; i++) {
      const client = wrapper(upstream.urls.http);
      client.write('x\n');
      await client.answerTo(null);
      own.push(performance.now() - client.startedAt);
      client.kill();
      const startedAt = performance.now();
      await new Promise((resolve) => spawn(process.execPath, ['-e', '0']).once('exit', resolve));
      bare.push(performance.now() - startedAt);
    }
    expect(Math.min(...own)).toBeLessThan(Math.max(150, 2 * Math.min(...bare)));
  });
});

describe('mcpgateway-wrapper and lost sessions', () => {
  let upstream: Upstream;
  beforeEach(async () => {
    upstream = await startUpstream();
  });
  afterEach(() => upstream.close());

  it('opens a new session, answers what was open, repeats nothing', async () => {
    const client = wrapper(upstream.urls.http);
    await client.initialize();
    const open = client.ask('tools/call', { name: 'hang', arguments: { nonce: 'open' } });
    await eventually('the call arrives', () => upstream.journal.times('open') === 1);
    await upstream.set({ session: { forgetNow: true } });
    const refused = await client.call('ok', { nonce: 'refused' });
    expect(refused.error?.data.code).toBe('session_not_found');
    expect((await client.answerTo(open)).error?.message).toContain('not repeated');
    expect((await client.call('ok', { nonce: 'after' })).result.content[0].text).toBe('ok');
    for (const nonce of ['open', 'refused', 'after']) expect(upstream.journal.times(nonce)).toBe(1);
    expect(upstream.journal.initializes()).toBe(2);
    expect(client.messages.filter((m) => m.result?.protocolVersion !== undefined)).toHaveLength(1);
    for (const kind of ['tools', 'resources', 'prompts'])
      expect(client.notices(`notifications/${kind}/list_changed`)).toHaveLength(1);
  });

  it('notices by itself that the far end was restarted', async () => {
    const client = wrapper(upstream.urls.http);
    await client.initialize();
    await client.call('ok');
    await upstream.restart();
    await eventually('a new session', () => upstream.journal.initializes() === 2);
    await eventually('the notice', () => client.notices('notifications/tools/list_changed').at(0));
    expect((await client.call('ok')).result.content[0].text).toBe('ok');
  });
});

describe('mcpgateway-wrapper over a restart of the gateway', () => {
  it('goes on after kill -9: open calls get an error, the next one works', async () => {
    let world = await aWorld();
    try {
      const { gateway, upstream } = world;
      const client = wrapper(world.url, [], { MCPGATEWAY_TOKEN: world.token });
      await client.initialize();
      await client.call('kit-ok');
      const open = client.ask('tools/call', { name: 'kit-hang', arguments: { nonce: 'killed' } });
      await eventually('the call arrives', () => upstream.journal.times('killed') === 1);
      await gateway.stop('SIGKILL');
      expect((await client.answerTo(open)).error?.message).toContain('outcome is unknown');
      const next = client.ask('tools/call', { name: 'kit-ok', arguments: { nonce: 'next' } });
      const env = { PORT: String(gateway.port) };
      world = worldOf(await startGateway({ dir: gateway.dir, env }), upstream);
      const answer = await client.answerTo(next, 15_000);
      const again = answer.result ?? (await client.call('kit-ok', { nonce: 'again' })).result;
      expect(again.content[0].text).toBe('ok');
      expect(upstream.journal.times('killed')).toBe(1);
      expect(upstream.journal.times('next')).toBeLessThanOrEqual(1);
      expect(await client.end()).toBe(0);
    } finally {
      await world.end();
    }
  });
});

describe('mcpgateway-wrapper before a server of HTTP+SSE only', () => {
  it.each(['its stream', 'its base', 'a server of it'])('goes over to it by %s', async (given) => {
    const world = await aWorld({ env: { TRANSPORT_TYPE: 'sse' } });
    try {
      const made = await world.rest('POST', '/servers', {
        name: 'dev',
        associatedTools: ['kit-echo'],
      });
      expect(made.status).toBeLessThan(300);
      const path = { 'its stream': '/sse', 'its base': '', 'a server of it': '/servers/dev' }[
        given
      ];
      const at = `${world.url}${path ?? ''}`;
      const client = wrapper(at, [], { MCPGATEWAY_TOKEN: world.token });
      const { result } = await client.initialize();
      expect(result.protocolVersion).toBe('2025-11-25');
      const { result: said } = await client.call('kit-echo', { message: 'old' });
      expect(said.content[0].text).toBe('old');
      expect(await client.end()).toBe(0);
    } finally {
      await world.end();
    }
  });
});
