import { token } from '../drive/gateway-process.cjs';
import { ModernClient } from '../drive/modern-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** PROTOCOL.md §6.4: reads are kept for as long as a modern upstream says, until it says otherwise. */
describe('reads of resources of a modern upstream', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { era: 'modern' } });
  });
  afterAll(() => world.end());
  const reads = (): number =>
    world.upstream.journal.events().filter((e) => e.method === 'resources/read').length;
  const read = async (uri: string, who = world.token) => {
    const client = new ModernClient(`${world.url}/mcp`, who);
    return (await client.request('resources/read', { uri })).answer;
  };

  it('are asked for once, and are private to who needs a credential', async () => {
    const before = reads();
    const [first, second] = [await read('test://one'), await read('test://one', token('bob'))];
    expect(first?.result).toMatchObject({ ttlMs: 5000, cacheScope: 'private' });
    expect(second?.result).toMatchObject({
      contents: first?.result.contents,
      cacheScope: 'private',
    });
    expect(second?.result.ttlMs).toBeLessThan(5000);
    const legacy = world.client();
    await legacy.initialize();
    const { answer } = await legacy.request('resources/read', { uri: 'test://one' });
    expect(answer?.result).toEqual({ contents: first?.result.contents });
    expect(reads()).toBe(before + 1);
  });

  it('are asked for again when the upstream says that the resource has changed', async () => {
    const open = new AbortController();
    const client = new ModernClient(`${world.url}/mcp`, world.token);
    const uri = 'test://items/7';
    const { events } = await client.subscribe({ resourceSubscriptions: [uri] }, open.signal);
    await events.next();
    await eventually('the subscription', () =>
      world.upstream.journal
        .events()
        .some((e) => JSON.stringify(e.filter ?? {}).includes(uri) && e.event === 'subscribed'),
    );
    await read(uri);
    const before = reads();
    await read(uri);
    expect(reads()).toBe(before);
    await world.upstream.emit({ method: 'notifications/resources/updated', params: { uri } });
    await events.next();
    await read(uri);
    expect(reads()).toBe(before + 1);
    open.abort();
  });
});
