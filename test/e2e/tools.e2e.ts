import { aWorld, type World } from '../drive/world.js';
import type { Loose } from '../drive/rest.js';

/** API.md §9, items 15, 17, 18 and 20, on a federated tool. */
describe('tools on the control plane', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'ok'], tools: 60 } });
  });
  afterAll(() => world.end());

  it('lists all as a bare array, the same under /v1 with a slash', async () => {
    const plain = await world.rest('GET', '/tools');
    const versioned = await world.rest('GET', '/v1/tools/');
    expect(plain.json()).toHaveLength(62);
    expect(versioned.json()).toEqual(plain.json());
    expect(versioned.headers.get('location')).toBeNull();
  });

  it('pages with a cursor that visits every tool once', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 20; page++) {
      const query = `limit=10&include_pagination=true${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = (await world.rest('GET', `/tools?${query}`)).json();
      seen.push(...answer.tools.map((t: Loose) => t.id));
      cursor = answer.nextCursor ?? '';
      if (cursor === '') break;
    }
    expect(seen).toHaveLength(62);
    expect(new Set(seen).size).toBe(62);
    const bogus = await world.rest('GET', '/tools?cursor=bogus&limit=1');
    expect([bogus.status, bogus.json().code]).toEqual([400, 'invalid_cursor']);
  });

  it('locks optimistically', async () => {
    const first = await world.rest('PUT', '/tools/kit-echo', { description: 'd1' });
    expect(first.status).toBe(200);
    expect(first.json().version).toBe(2);
    expect(first.headers.get('etag')).toBe('"v2"');
    const late = await world.rest(
      'PUT',
      '/tools/kit-echo',
      { description: 'd2' },
      {
        'if-match': '"v1"',
      },
    );
    expect([late.status, late.json().current.version]).toEqual([412, 2]);
  });

  it('shows the edit to clients, and keeps it over a refresh', async () => {
    await world.rest('POST', '/gateways/kit/refresh');
    const client = world.client();
    await client.initialize();
    const list = await client.request('tools/list');
    const echo = list.answer?.result.tools.find((t: Loose) => t.name === 'kit-echo');
    expect(echo.description).toBe('d1');
  });

  it('refuses to change what belongs to the upstream', async () => {
    const answer = await world.rest('PUT', '/tools/kit-echo', { inputSchema: { type: 'object' } });
    expect(answer.status).toBe(422);
  });

  it('hides a deactivated tool and brings it back', async () => {
    const off = await world.rest('POST', '/tools/kit-echo/toggle?activate=false');
    expect(off.json()).toMatchObject({ status: 'success', tool: { enabled: false } });
    expect(off.json().message).toMatch(/deactivated$/);
    const names = async (query = '') =>
      (await world.rest('GET', `/tools${query}`)).json().map((t: Loose) => t.name);
    expect(await names()).not.toContain('kit-echo');
    expect(await names('?include_inactive=true')).toContain('kit-echo');
    const on = (await world.rest('POST', '/tools/kit-echo/state?activate=true')).json();
    expect(on.tool.enabled).toBe(true);
    expect(on.tool.originalName).toBe('echo');
    expect(on.tool.original_name).toBe('echo');
  });
});
