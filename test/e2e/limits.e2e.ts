import { RpcClient } from '../drive/rpc-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const now = () => performance.now();
const text = (answer: { result?: { content: { text: string }[] } } | undefined) =>
  answer?.result?.content[0]?.text;

/** API.md §8 and PROTOCOL.md §4.3: what is beyond a limit waits, within bounds, then gets 503. */
describe('calls beyond the limits', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_CONCURRENT_LIMIT: '1', TOOL_TIMEOUT: '1' } });
  });
  afterAll(() => world.end());

  /** A call that takes its time without being silent. */
  const long = (client: Awaited<ReturnType<typeof aClient>>, nonce: string, n: number) =>
    client.request('tools/call', {
      name: 'kit-progress',
      arguments: { nonce, n, everyMs: 100 },
      _meta: { progressToken: nonce },
    });
  const aClient = async () => {
    const client = world.client();
    await client.initialize();
    return client;
  };
  const arrived = (nonce: string) =>
    eventually(`${nonce} arrives`, () => world.upstream.journal.times(nonce) === 1);

  it('wait for the one before, and are served', async () => {
    const client = await aClient();
    const first = long(client, 'first', 4);
    await arrived('first');
    const second = long(client, 'second', 1);
    expect(text((await first).answer)).toBe('done');
    expect(text((await second).answer)).toBe('done');
    const [a, b] = ['first', 'second'].map((n) => world.upstream.journal.calls(n)[0]?.tMono ?? 0);
    expect((b ?? 0) - (a ?? 0)).toBeGreaterThan(350);
  });

  it('get 503 and when to come back, once they have waited as long as a call may be silent', async () => {
    const [holder, client] = [await aClient(), new RpcClient(world.url, world.token)];
    const held = long(holder, 'holder', 25);
    await arrived('holder');
    const startedAt = now();
    const { status, headers, answer } = await client.call('kit-progress', { nonce: 'turned-away' });
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(answer?.error).toMatchObject({ code: 50301, data: { code: 'overloaded' } });
    expect(now() - startedAt).toBeGreaterThan(900);
    expect(world.upstream.journal.times('turned-away')).toBe(0);
    expect((await client.call('kit-ok')).status).toBe(200);
    expect(text((await held).answer)).toBe('done');
  });

  it('leave the queue at once when they are cancelled, or their client is gone', async () => {
    const client = await aClient();
    const held = long(client, 'held', 6);
    await arrived('held');
    const params = { name: 'kit-progress', arguments: { nonce: 'cancelled', n: 1 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 4711, method: 'tools/call', params });
    const cancelled = client.send(body);
    const gone = new AbortController();
    const left = new RpcClient(world.url, world.token).call(
      'kit-progress',
      { nonce: 'left', n: 1 },
      { signal: gone.signal },
    );
    // Each is in the queue once a request sent behind it has been answered.
    await client.request('ping');
    await client.notify('notifications/cancelled', { requestId: 4711 });
    expect((await cancelled).answer).toBeUndefined();
    gone.abort();
    await expect(left).rejects.toThrow();
    expect(text((await held).answer)).toBe('done');
    expect(text((await long(client, 'next', 1)).answer)).toBe('done');
    for (const nonce of ['cancelled', 'left']) expect(world.upstream.journal.times(nonce)).toBe(0);
  });

  it('are counted per Gateway where it says so', async () => {
    const made = await world.rest('POST', '/gateways', {
      name: 'narrow',
      url: world.upstream.urls.http,
      transport: 'STREAMABLEHTTP',
      maxConcurrency: 1,
    });
    expect(made.status).toBe(200);
    const rpc = new RpcClient(world.url, world.token);
    const slow = rpc.call('narrow-slow', { ms: 400, nonce: 'narrow-1' });
    await arrived('narrow-1');
    expect(text((await rpc.call('narrow-ok', { nonce: 'narrow-2' })).answer)).toBe('ok');
    expect(text((await slow).answer)).toBe('slow');
    const [a, b] = ['narrow-1', 'narrow-2'].map((n) => world.upstream.journal.calls(n)[0]?.tMono);
    expect((b ?? 0) - (a ?? 0)).toBeGreaterThan(350);
  });
});

describe('the requests of one session', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      env: { MAX_IN_FLIGHT_PER_SESSION: '1', MAX_IN_FLIGHT_CALLS: '3', TOOL_TIMEOUT: '1' },
    });
  });
  afterAll(() => world.end());

  it('wait for each other, not for those of other sessions', async () => {
    const [one, two] = [world.client(), world.client()];
    await one.initialize();
    await two.initialize();
    const startedAt = now();
    const [a, b, c] = await Promise.all([
      one.call('kit-slow', { ms: 300 }).then(() => now() - startedAt),
      one.call('kit-slow', { ms: 300 }).then(() => now() - startedAt),
      two.call('kit-ok').then(() => now() - startedAt),
    ]);
    expect(Math.max(a, b)).toBeGreaterThan(590);
    expect(c).toBeLessThan(300);
  });

  it('of all sessions together have a limit, too', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const two = world.client();
    const three = world.client('/mcp');
    for (const client of [two, three]) await client.initialize();
    const done = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = world.client();
        await client.initialize();
        return client.call('kit-slow', { ms: 200 });
      }),
    );
    expect(done.map(({ answer }) => text(answer))).toEqual(Array(4).fill('slow'));
    expect((await rpc.call('kit-ok')).status).toBe(200);
  });
});
