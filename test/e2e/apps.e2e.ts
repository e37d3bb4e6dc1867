import { ModernClient } from '../drive/modern-client.js';
import type { HttpClient } from '../drive/http-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

const APP = 'ui://app/view.html?x=1';
const SHOWN = 'ui://young+app/view.html?x=1';

/** PROTOCOL.md §5.9: two upstreams with one page. */
describe.each(['/servers/both/mcp', '/mcp'])('apps that collide on %s', (path) => {
  let world: World;
  let young: Upstream;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['app'] }, env: { RESOURCE_CACHE_SIZE: '0' } });
    young = await startUpstream({ era: 'modern', only: ['app'] });
    await world.rest('POST', '/gateways', { name: 'young', url: young.urls.http });
    const resources = (await world.rest('GET', '/resources')).json() as Loose[];
    const made = await world.rest('POST', '/servers', {
      name: 'both',
      associatedTools: ['kit-app', 'young-app'],
      associatedResources: [
        ...resources.filter((r) => r.federationSource === 'kit'),
        ...resources.filter((r) => r.federationSource === 'young'),
      ].map((r) => r.id as string),
    });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  });
  afterAll(async () => {
    await world.end();
    await young.close();
  });

  const clients = async (): Promise<HttpClient[]> => {
    const legacy = world.client(path);
    await legacy.initialize();
    return [legacy, new ModernClient(world.url + path, world.token)];
  };

  it('keep their scheme, wherever the later one is spoken of', async () => {
    for (const client of await clients()) {
      const uris = (await client.request('resources/list')).answer?.result.resources as Loose[];
      expect(uris.map((r) => r.uri)).toEqual(expect.arrayContaining([APP, SHOWN]));

      const tools = (await client.request('tools/list')).answer?.result.tools as Loose[];
      const pages = Object.fromEntries(tools.map((t) => [t.name, t._meta.ui.resourceUri]));
      expect(pages).toEqual({ 'kit-app': APP, 'young-app': SHOWN });

      const content = (await client.call('young-app')).answer?.result.content as Loose[];
      expect(content.map((c) => c.uri ?? c.resource.uri)).toEqual([
        SHOWN,
        'https://example.com/',
        SHOWN,
      ]);
      const own = (await client.call('kit-app')).answer?.result.content as Loose[];
      expect(own[0]?.uri).toBe(APP);
    }
  });

  it('are read by their ids from the upstream that owns them', async () => {
    const resources = (await world.rest('GET', '/resources')).json() as Loose[];
    const { id } = resources.find((r) => r.federationSource === 'young' && r.uri === APP) ?? {};
    const mark = young.journal.events().length;
    const read = await world.rest('GET', `/resources/${String(id)}/content`);
    expect([read.status, read.text]).toEqual([200, 'content of ui://app/view.html?x=1']);
    const asked = young.journal.events().slice(mark);
    expect(asked.some((e) => e.method === 'resources/read')).toBe(true);
  });

  it('are read from the upstream that owns them, under its own words', async () => {
    for (const client of await clients()) {
      const mark = young.journal.events().length;
      const { answer } = await client.request('resources/read', { uri: SHOWN });
      expect(answer?.result.contents[0].uri).toBe(SHOWN);
      const asked = young.journal
        .events()
        .slice(mark)
        .find((e) => e.method === 'resources/read');
      expect(JSON.parse(asked?.bytes ?? '{}').params.uri).toBe(APP);
    }
  });
});
