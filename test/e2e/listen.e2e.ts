import { ModernClient } from '../drive/modern-client.js';
import type { Loose } from '../drive/rest.js';
import type { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const TAG = 'io.modelcontextprotocol/subscriptionId';

/** PROTOCOL.md §6.4: subscriptions of modern clients. */
describe('subscriptions/listen', () => {
  let world: World;
  let client: ModernClient;
  let open: AbortController;
  beforeAll(async () => {
    world = await aWorld();
    client = new ModernClient(`${world.url}/mcp`, world.token);
  });
  afterAll(() => world.end());
  beforeEach(() => {
    open = new AbortController();
  });
  afterEach(() => {
    open.abort();
  });

  const next = async (events: SseReader): Promise<Loose> =>
    JSON.parse((await events.next())?.data ?? 'null');
  const told = (method: string): number =>
    world.upstream.journal.events().filter((e) => e.method === method).length;

  it('is acknowledged first, with what is granted, tagged', async () => {
    const uris = ['test://one', 'test://nobody/has/it'];
    const asked = {
      toolsListChanged: true,
      promptsListChanged: false,
      resourceSubscriptions: uris,
    };
    const { id, response, events } = await client.subscribe(asked, open.signal);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await next(events)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: {
        notifications: { toolsListChanged: true, resourceSubscriptions: ['test://one'] },
        _meta: { [TAG]: id },
      },
    });
  });

  it('tells of the lists that were asked for', async () => {
    const tools = await client.subscribe({ toolsListChanged: true }, open.signal);
    const prompts = await client.subscribe(
      { promptsListChanged: true, resourceSubscriptions: ['test://one'] },
      open.signal,
    );
    await next(tools.events);
    await next(prompts.events);
    await client.call('kit-listchanged', { n: 1 });
    expect(await next(tools.events)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { [TAG]: tools.id } },
    });
    // The other one hears of its resource next, so it has heard nothing of tools.
    await eventually('the subscription', () => told('resources/subscribe') > 0);
    await world.upstream.emit({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: 'test://one', _meta: { a: 1 } },
    });
    expect(await next(prompts.events)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: 'test://one', _meta: { a: 1, [TAG]: prompts.id } },
    });
  });

  it('gives its resources back when the client closes', async () => {
    const before = told('resources/unsubscribe');
    const asked = { resourceSubscriptions: ['test://one'] };
    const { events } = await client.subscribe(asked, open.signal);
    await next(events);
    open.abort();
    await eventually('the end', () => told('resources/unsubscribe') > before);
  });

  it('refuses what it cannot read, and more than it may hold', async () => {
    for (const notifications of [undefined, 7, { toolsListChanged: 'yes' }]) {
      const { answer, status } = await client.request('subscriptions/listen', { notifications });
      expect([status, answer?.error?.code]).toEqual([200, -32602]);
    }
    const json = { headers: { accept: 'application/json' } };
    const { status } = await client.request('subscriptions/listen', { notifications: {} }, json);
    expect(status).toBe(406);
    const many = new ModernClient(`${world.url}/mcp`, world.token);
    const opened = [];
    for (let i = 0; i < 17; i++) opened.push(await many.subscribe({}, open.signal));
    expect(opened.map(({ response }) => response.status).filter((s) => s !== 200)).toEqual([429]);
  });

  it('takes no place of the calls in flight', async () => {
    const few = await aWorld({
      env: { MAX_IN_FLIGHT_PER_SESSION: '1' },
      upstream: { only: ['echo'] },
    });
    const own = new ModernClient(`${few.url}/mcp`, few.token);
    const { events } = await own.subscribe({ toolsListChanged: true }, open.signal);
    await next(events);
    const { answer } = await own.call('kit-echo', { message: 'still' });
    expect(answer?.result.content[0].text).toBe('still');
    await few.end();
  });

  it('ends with a result when the gateway goes', async () => {
    const brief = await aWorld({ upstream: { only: ['echo'] } });
    const own = new ModernClient(`${brief.url}/mcp`, brief.token);
    const { id, events } = await own.subscribe({ toolsListChanged: true }, open.signal);
    await next(events);
    const stopped = brief.gateway.stop();
    expect(await next(events)).toMatchObject({
      id,
      result: { resultType: 'complete', _meta: { [TAG]: id } },
    });
    expect(await events.next()).toBeUndefined();
    await stopped;
    await brief.end();
  });
});
