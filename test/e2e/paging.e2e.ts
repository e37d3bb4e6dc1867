import { token } from '../drive/gateway-process.cjs';
import type { HttpClient } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import type { Loose } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const SIZE = 7;

/** PROTOCOL.md §6.1 Paging. */
describe('lists in pages', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      env: { MCP_LIST_PAGE_SIZE: String(SIZE) },
      upstream: { only: ['echo'], tools: 20 },
    });
    const tools = (await world.rest('GET', '/tools')).json() as Loose[];
    const associatedTools = tools.map((t) => t.id as string);
    await world.rest('POST', '/servers', { name: 'all', associatedTools });
  });
  afterAll(() => world.end());

  const legacy = async (path = '/mcp', who = world.token): Promise<HttpClient> => {
    const client = world.client(path, who);
    await client.initialize();
    return client;
  };
  const modern = (path = '/mcp', who = world.token): HttpClient =>
    new ModernClient(world.url + path, who);
  const page = async (client: HttpClient, cursor?: string, kind = 'tools') => {
    const params = cursor === undefined ? {} : { cursor };
    const { answer } = await client.request(`${kind}/list`, params);
    const names = ((answer?.result?.[kind] ?? []) as Loose[]).map((t) => t.name as string);
    return { names, next: answer?.result?.nextCursor as string | undefined, error: answer?.error };
  };
  const rest = async (client: HttpClient, cursor: string | undefined): Promise<string[][]> => {
    const pages: string[][] = [];
    for (let next = cursor; next !== undefined;) {
      const read = await page(client, next);
      pages.push(read.names);
      next = read.next;
    }
    return pages;
  };
  const extras = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `kit-extra-${String(i)}`);

  it.each([
    ['a legacy client', legacy],
    ['a modern client', (path?: string) => Promise.resolve(modern(path))],
  ])('give %s everything once, here and in a server', async (_who, open) => {
    for (const path of ['/mcp', '/servers/all/mcp']) {
      const pages = await rest(await open(path), '');
      expect(pages.map((names) => names.length)).toEqual([SIZE, SIZE, SIZE]);
      expect(pages.flat().sort()).toEqual([...extras(20), 'kit-echo'].sort());
    }
  });

  it('skip and repeat nothing that stays while the catalog changes', async () => {
    const client = await legacy();
    const first = await page(client);
    const change = async (extra: number): Promise<void> => {
      await world.upstream.set({ list: { extra } });
      await world.rest('POST', '/gateways/kit/refresh');
      await eventually('the change', async () => {
        const all = (await rest(modern(), '')).flat();
        return all.length === extra + 1;
      });
    };
    await change(25);
    const second = await page(client, first.next);
    await change(15);
    const names = [...first.names, ...second.names, ...(await rest(client, second.next)).flat()];
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([...extras(15), 'kit-echo']));
    await change(20);
  });

  it('take no cursor that is not their own', async () => {
    const client = await legacy();
    const next = String((await page(client)).next);
    const middle = Math.floor(next.length / 2);
    const flipped = next[middle] === 'A' ? 'B' : 'A';
    const tampered = next.slice(0, middle) + flipped + next.slice(middle + 1);
    const refused = [
      await page(client, tampered),
      await page(client, 'junk'),
      await page(client, next, 'prompts'),
      await page(await legacy('/servers/all/mcp'), next),
      await page(await legacy('/mcp', token('bob')), next),
      await page(modern('/mcp', token('bob')), next),
    ];
    expect(refused.map(({ error }) => error?.code)).toEqual(refused.map(() => -32602));
    expect(new Set(refused.map(({ error }) => error?.message)).size).toBe(1);
    // It is the person that counts, not the session.
    expect((await page(await legacy(), next)).names).toHaveLength(SIZE);
  });
});
