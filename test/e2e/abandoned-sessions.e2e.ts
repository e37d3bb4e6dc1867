import { join } from 'node:path';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const PROBE = join(__dirname, '../fakes/heap-probe.cjs');
const TTL_SECONDS = 3;
const SESSIONS = 5000;

/** Bytes alive in the gateway after a collection. */
async function heapAlive({ gateway }: World): Promise<number> {
  const said = () => [...gateway.output().matchAll(/heap-alive (\d+)/g)];
  const before = said().length;
  gateway.child.kill('SIGUSR2');
  const [, bytes] = await eventually('heap', () => said()[before], 10_000);
  return Number(bytes);
}

async function gauge({ url, token }: World, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await answer.text())?.[1] ?? 0);
}

/** RELIABILITY.md R04: sessions without DELETE are freed. */
describe('sessions that are left behind', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['echo'] },
      gateway: { sessionMode: 'per-session' },
      env: { SESSION_TTL: String(TTL_SECONDS), NODE_OPTIONS: `--require=${PROBE}` },
    });
  });
  afterAll(() => world.end());

  const open = async (i: number) => {
    const client = world.client();
    expect((await client.initialize()).status).toBe(200);
    if (i % 5 === 0)
      expect(
        (await client.request('resources/subscribe', { uri: `test://items/${String(i)}` })).answer
          ?.result,
      ).toEqual({});
    if (i % 50 === 1) await client.request('logging/setLevel', { level: 'error' });
    if (i % 100 === 2) await client.call('kit-echo', { message: 'x' });
    return client;
  };
  const openAll = async (count: number) => {
    let next = 0;
    const worker = async () => {
      while (next < count) await open(next++);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  };
  const count = (method: string) =>
    world.upstream.journal.events().filter((e) => e.method === method).length;
  const settled = () =>
    eventually(
      'everything freed',
      async () =>
        (await gauge(world, 'mcpgateway_sessions\\{transport="http"\\}')) === 0 &&
        (await world.upstream.live()) === 1 &&
        count('resources/subscribe') === count('resources/unsubscribe'),
      90_000,
    );

  it('give back memory, subscriptions and upstream sessions, and their ids stay good', async () => {
    await openAll(300);
    await settled();
    const base = await heapAlive(world);
    const first = await open(0);
    await openAll(SESSIONS);
    expect(count('resources/subscribe')).toBeGreaterThanOrEqual(SESSIONS / 5);
    await settled();
    expect(count('resources/unsubscribe')).toBe(count('resources/subscribe'));
    expect(world.upstream.journal.events().filter((e) => e.event === 'delete').length).toBe(
      count('initialize') - 1,
    );
    const after = await heapAlive(world);
    expect(after / base).toBeLessThan(1.1);
    const echoed = await first.call('kit-echo', { message: 'still here' });
    expect(echoed.answer?.result.content[0].text).toContain('still here');
    const subscribed = count('resources/subscribe');
    await first.request('resources/subscribe', { uri: 'test://items/0' });
    expect(count('resources/subscribe')).toBe(subscribed + 1);
  }, 480_000);

  it('are told to read again by the first stream after their rest', async () => {
    const client = world.client();
    await client.initialize();
    await eventually(
      'forgotten',
      async () => (await gauge(world, 'mcpgateway_sessions\\{transport="http"\\}')) === 0,
      60_000,
    );
    const abort = new AbortController();
    const { events } = await client.listen(abort.signal);
    const methods: string[] = [];
    while (methods.length < 3) {
      const event = await events?.next();
      if (event === undefined) throw new Error('the stream ended');
      if (event.data !== '') methods.push((JSON.parse(event.data) as { method: string }).method);
    }
    abort.abort();
    expect(methods.sort()).toEqual([
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
      'notifications/tools/list_changed',
    ]);
  });

  it('that listen stay, however long they say nothing', async () => {
    const client = world.client();
    await client.initialize();
    const abort = new AbortController();
    const { events } = await client.listen(abort.signal);
    await client.request('resources/subscribe', { uri: 'test://one' });
    const unsubscribed = count('resources/unsubscribe');
    const other = await open(5);
    await eventually(
      'the other is freed',
      () => count('resources/unsubscribe') > unsubscribed,
      60_000,
    );
    await other.close();
    await world.upstream.emit({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: 'test://one' },
    });
    const event = await events?.next();
    expect(event?.data).toContain('test://one');
    abort.abort();
  });
});

describe('too many sessions that hold something', () => {
  it('are refused at initialize with 503 until one ends', async () => {
    const world = await aWorld({ upstream: { only: ['ok'] }, env: { MCP_MAX_SESSIONS: '2' } });
    try {
      const [one, two] = [world.client(), world.client()];
      for (const client of [one, two]) {
        expect((await client.initialize()).status).toBe(200);
        await client.request('logging/setLevel', { level: 'error' });
      }
      const refused = await world.client().initialize();
      expect([refused.status, refused.answer?.error?.code]).toEqual([503, 50301]);
      expect((await one.call('kit-ok')).status).toBe(200);
      expect(await one.close()).toBe(204);
      expect((await world.client().initialize()).status).toBe(200);
    } finally {
      await world.end();
    }
  });
});
