import type { HttpClient } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import type { Loose } from '../drive/rest.js';
import type { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const GONE = 'test://one';
const STAYS = 'test://items/1';
const UPDATED = 'notifications/resources/updated';

/** PROTOCOL.md §6.4: what a client may no longer see is not told to it. */
describe('a resource that goes out of sight', () => {
  let world: World;
  let ids: Map<string, string>;
  let open: AbortController;
  let server = 0;
  beforeAll(async () => {
    world = await aWorld();
    const items = (await world.rest('GET', '/resources')).json() as Loose[];
    ids = new Map(items.map((r) => [(r.uri ?? r.uriTemplate) as string, r.id as string]));
  });
  afterAll(() => world.end());
  beforeEach(() => {
    open = new AbortController();
  });
  afterEach(() => {
    open.abort();
  });

  /** A Server with both of them. @returns its path, and what takes one away */
  const aServer = async () => {
    const name = `s${String(++server)}`;
    const put = async (method: string, path: string, associatedResources: unknown) => {
      const { status, text } = await world.rest(method, path, { name, associatedResources });
      if (status > 201) throw new Error(text);
    };
    await put('POST', '/servers', [...ids.values()]);
    const rest = [...ids].filter(([uri]) => uri !== GONE).map(([, id]) => id);
    const path = `/servers/${name}/mcp`;
    const withdraw = async (client: HttpClient) => {
      await put('PUT', `/servers/${name}`, rest);
      await eventually('it is gone', async () => {
        const { answer } = await client.request('resources/read', { uri: GONE });
        return answer?.error !== undefined;
      });
    };
    return { path, withdraw };
  };
  const count = (method: string): number =>
    world.upstream.journal.events().filter((e) => e.method === method).length;
  const update = (uri: string) =>
    world.upstream.emit({ jsonrpc: '2.0', method: UPDATED, params: { uri } });
  const heard = async (events: SseReader): Promise<string> => {
    for (;;) {
      const event = await events.next();
      if (event === undefined) throw new Error('the stream ended');
      const { method, params } = JSON.parse(event.data) as { method: string; params: Loose };
      if (method === UPDATED) return params.uri;
    }
  };
  const subscribed = (before: number) =>
    eventually('the subscriptions', () => count('resources/subscribe') >= before + 2);

  it('is not told of to a session any more, and can still be given back', async () => {
    const { path, withdraw } = await aServer();
    const client = world.client(path);
    await client.initialize();
    const events = (await client.listen(open.signal)).events!;
    for (const uri of [GONE, STAYS]) await client.request('resources/subscribe', { uri });
    await update(GONE);
    expect(await heard(events)).toBe(GONE);
    await withdraw(client);
    await update(GONE);
    await update(STAYS);
    expect(await heard(events)).toBe(STAYS);
    const before = count('resources/unsubscribe');
    const { answer } = await client.request('resources/unsubscribe', { uri: GONE });
    expect(answer?.result).toEqual({});
    expect(count('resources/unsubscribe')).toBe(before + 1);
    const again = await client.request('resources/unsubscribe', { uri: GONE });
    expect(again.answer?.error?.code).toBe(-32002);
    await client.close();
  });

  it('is not told of to a subscription any more', async () => {
    const { path, withdraw } = await aServer();
    const client = new ModernClient(world.url + path, world.token);
    const before = count('resources/subscribe');
    const { events } = await client.subscribe(
      { resourceSubscriptions: [GONE, STAYS] },
      open.signal,
    );
    await events.next();
    await subscribed(before);
    await withdraw(client);
    await update(GONE);
    await update(STAYS);
    expect(await heard(events)).toBe(STAYS);
  });
});
