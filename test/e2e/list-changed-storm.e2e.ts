import { HttpClient, type RpcMessage } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import type { Loose } from '../drive/rest.js';
import { SseClient } from '../drive/sse-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import { WsClient } from '../drive/ws-client.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

const TOOLS = 'notifications/tools/list_changed';
const RESOURCES = 'notifications/resources/list_changed';
const PROMPTS = 'notifications/prompts/list_changed';

interface Ear {
  readonly name: string;
  /** The methods of all that was heard, in order. */
  readonly heard: string[];
}

/** PROTOCOL.md §6.3: who hears of changes, and how often. */
describe('change notices of an upstream', () => {
  let world: World;
  let other: Upstream;
  /** The id of a Server that shows nothing of `kit`. */
  let serverId: string;
  let abort: AbortController;

  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['listchanged', 'echo'] } });
    other = await startUpstream({ only: ['ok'] });
    const registered = await world.rest('POST', '/gateways', {
      name: 'aside',
      url: other.urls.http,
    });
    expect(registered.status).toBe(200);
    const made = await world.rest('POST', '/servers', {
      name: 'aside',
      associatedTools: ['aside-ok'],
    });
    serverId = made.json().id as string;
  });
  afterAll(async () => {
    await world.end();
    await other.close();
  });
  beforeEach(() => {
    abort = new AbortController();
  });
  afterEach(() => {
    abort.abort();
  });

  const reads = (method: string): number =>
    world.upstream.journal.events().filter((e) => e.method === method).length;

  /** One client of each kind, all of which listen to the same address. */
  async function ears(path: string): Promise<{ all: Ear[]; end: () => Promise<void> }> {
    const url = world.url + path;
    const http = new HttpClient(`${url}/mcp`, world.token);
    await http.initialize();
    const { events } = await http.listen(abort.signal);
    const modern = new ModernClient(`${url}/mcp`, world.token);
    const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const listen = await modern.subscribe(filter, abort.signal);
    const sse = new SseClient(`${url}/sse`, world.token);
    const ws = new WsClient(`${url}/ws`, world.token);
    await sse.initialize();
    await ws.initialize();
    const pumped = (name: string, reader: typeof events): Ear => {
      const heard: string[] = [];
      const pump = async (): Promise<void> => {
        for (let e = await reader?.next(); e !== undefined; e = await reader?.next())
          if (e.data !== '') heard.push((JSON.parse(e.data) as { method: string }).method);
      };
      void pump().catch(() => undefined);
      return { name: path + name, heard };
    };
    const piped = (name: string, { heard }: SseClient | WsClient): Ear => ({
      name: path + name,
      get heard() {
        return heard.flatMap(({ method }) => (method === undefined ? [] : [method]));
      },
    });
    const all = [
      pumped('/mcp legacy', events),
      pumped('/mcp modern', listen.events),
      piped('/sse', sse),
      piped('/ws', ws),
    ];
    await eventually('acknowledged', () => all[1]?.heard.length);
    return {
      all,
      end: async () => {
        abort.abort();
        await sse.close();
        await ws.close();
      },
    };
  }

  const count = (ear: Ear, method: string): number =>
    ear.heard.filter((heard) => heard === method).length;
  const emit = (method: string, params?: Loose): Promise<void> =>
    world.upstream.emit({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });

  it('are one to each who sees a difference, and none to others', async () => {
    const near = await ears('');
    const far = await ears(`/servers/${serverId}`);
    const before = reads('tools/list');
    const client = new ModernClient(`${world.url}/mcp`, world.token);
    const { answer } = await client.call('kit-listchanged', { n: 1000, overMs: 900 });
    expect(answer?.result.content[0].text).toBe('changed');
    await eventually('the second read', () => reads('tools/list') >= before + 2);
    // A notice of another kind comes after all that the storm has led to.
    await emit(PROMPTS);
    for (const ear of near.all)
      await eventually(`prompts on ${ear.name}`, () => count(ear, PROMPTS) === 1, 10_000);
    expect(near.all.map((ear) => [ear.name, count(ear, TOOLS)])).toEqual(
      near.all.map((ear) => [ear.name, 1]),
    );
    expect(far.all.map((ear) => [count(ear, TOOLS), count(ear, PROMPTS)])).toEqual(
      far.all.map(() => [0, 0]),
    );
    expect(reads('tools/list')).toBe(before + 3);
    await near.end();
    await far.end();
  });

  it('are passed on although the list reads equal, to those who see an item of it', async () => {
    const near = await ears('');
    const far = await ears(`/servers/${serverId}`);
    await emit(RESOURCES);
    for (const ear of near.all)
      await eventually(`resources on ${ear.name}`, () => count(ear, RESOURCES) === 1, 10_000);
    for (const ear of near.all) expect(count(ear, TOOLS)).toBe(0);
    for (const ear of far.all) expect(count(ear, RESOURCES)).toBe(0);
    await near.end();
    await far.end();
  });

  it('wait for a session without a stream until it opens one', async () => {
    const [before, after] = [world.client(), world.client()];
    await before.initialize();
    const listed = async (): Promise<string> => (await after.request('tools/list')).raw;
    await after.initialize();
    const known = (JSON.parse(await listed()) as { result: unknown }).result;
    await after.call('kit-listchanged');
    await eventually(
      'the new tool',
      async () =>
        JSON.stringify((JSON.parse(await listed()) as { result: unknown }).result) !==
        JSON.stringify(known),
      15_000,
    );
    await after.initialize();
    const heard = async (client: HttpClient): Promise<string[]> => {
      await client.request('resources/subscribe', { uri: 'test://one' });
      const { events } = await client.listen(abort.signal);
      await emit('notifications/resources/updated', { uri: 'test://one' });
      const methods: string[] = [];
      while (methods.at(-1) !== 'notifications/resources/updated') {
        const event = await events?.next();
        if (event === undefined) throw new Error('the stream ended');
        if (event.data !== '') methods.push((JSON.parse(event.data) as RpcMessage).method ?? '');
      }
      return methods;
    };
    expect(await heard(before)).toEqual([TOOLS, 'notifications/resources/updated']);
    expect(await heard(after)).toEqual(['notifications/resources/updated']);
  });
});
