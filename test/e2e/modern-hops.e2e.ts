import { ModernClient } from '../drive/modern-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';

/** What passes the gateway between two ends of 2026-07-28. */
describe('modern clients of a modern upstream', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { era: 'modern', only: ['echo'] } });
  });
  afterAll(() => world.end());

  /** The `Mcp-Param-*` headers that a call of that nonce arrived with. */
  const paramsOf = (nonce: string): Loose =>
    Object.fromEntries(
      Object.entries(world.upstream.journal.calls(nonce)[0]?.headers ?? {}).filter(([key]) =>
        key.startsWith('mcp-param-'),
      ),
    );

  it('have headers passed on that no tool knows, as they are, and others made anew', async () => {
    const marked = { type: 'string', 'x-mcp-header': 'Region' };
    const nonce = { type: 'string' };
    const schema = { type: 'object', properties: { nonce, region: marked } };
    await world.upstream.set({ list: { schemas: { echo: schema } } });
    await world.rest('POST', '/gateways/kit/refresh');
    const headers = { 'Mcp-Param-Region': '=?base64?ZXU=?=', 'Mcp-Param-Zone': '=?base64?!?=' };
    const client = new ModernClient(`${world.url}/mcp`, world.token);
    const call = await client.call('kit-echo', { nonce: 'zone', region: 'eu' }, { headers });
    expect(call.status).toBe(200);
    expect(paramsOf('zone')).toEqual({
      'mcp-param-region': 'eu',
      'mcp-param-zone': '=?base64?!?=',
    });

    const legacy = world.client();
    await legacy.initialize();
    await legacy.call('kit-echo', { nonce: 'old', region: 'eu' }, { headers });
    expect(paramsOf('old')).toEqual({ 'mcp-param-region': 'eu' });
  });
});
