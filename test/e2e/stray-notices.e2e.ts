import type { HttpClient, RpcMessage } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const TOOLS = 'notifications/tools/list_changed';
const UPDATED = 'notifications/resources/updated';
const COMPLETE = 'notifications/elicitation/complete';
const NOTICES = [
  { method: UPDATED, params: { uri: 'test://one', by: 'announce' } },
  { method: COMPLETE, params: { elicitationId: 'e' } },
];

/** PROTOCOL.md §2.5, §6.3: news of the upstream, said on the stream of a call. */
describe('notices that belong to no call', () => {
  let world: World;
  let abort: AbortController;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['announce'] } });
  });
  afterAll(() => world.end());
  beforeEach(() => {
    abort = new AbortController();
  });
  afterEach(() => {
    abort.abort();
  });

  const hearing = async (client: HttpClient): Promise<RpcMessage[]> => {
    await client.initialize();
    await client.request('resources/subscribe', { uri: 'test://one' });
    const { events } = await client.listen(abort.signal);
    const heard: RpcMessage[] = [];
    const pump = async (): Promise<void> => {
      for (let event = await events?.next(); event !== undefined; event = await events?.next())
        heard.push(JSON.parse(event.data) as RpcMessage);
    };
    void pump().catch(() => undefined);
    return heard;
  };
  const methods = (heard: readonly RpcMessage[]) => heard.map(({ method }) => method);
  const listed = async (client: HttpClient): Promise<number> =>
    ((await client.request('tools/list')).answer?.result?.tools as unknown[]).length;

  const CALLERS: Record<string, [() => HttpClient, readonly string[]]> = {
    legacy: [() => world.client(), [COMPLETE]],
    modern: [() => new ModernClient(`${world.url}/mcp`, world.token), []],
  };

  it.each(Object.keys(CALLERS))('are not heard by a %s caller, but by all others', async (era) => {
    const [made, own] = CALLERS[era] as (typeof CALLERS)[string];
    const caller = made();
    if (era === 'legacy') await caller.initialize();
    const other = world.client();
    const heard = await hearing(other);
    const before = await listed(other);
    const { answer, before: said } = await caller.call('kit-announce', { notices: NOTICES });
    expect(answer?.result?.content[0].text).toBe('announced');
    expect(methods(said)).toEqual(own);
    await eventually('the notice', () => methods(heard).includes(TOOLS), 10_000);
    expect(await listed(other)).toBe(before + 1);
    await eventually('the update', () => methods(heard).includes(UPDATED));
    expect(heard.find(({ method }) => method === UPDATED)?.params).toEqual({
      uri: 'test://one',
      by: 'announce',
    });
    // A second change, told by a broadcast, comes after all that the first has led to.
    await world.upstream.emit({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
    await eventually('the end', () => methods(heard).length >= 3, 15_000);
    expect(methods(heard).sort()).toEqual(
      [TOOLS, UPDATED, 'notifications/prompts/list_changed'].sort(),
    );
  });
});
