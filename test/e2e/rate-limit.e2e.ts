import { token } from '../drive/gateway-process.cjs';
import { RpcClient } from '../drive/rpc-client.js';
import { aWorld, type World } from '../drive/world.js';

/** API.md §9, items 24 and 25: one counter for all transports and old spellings. */
describe('the rate limit', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok'] },
      env: { MAX_TOOL_CALLS_PER_MINUTE: '5' },
    });
  });
  afterAll(() => world.end());

  it('accepts five calls over both transports, then refuses all spellings', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const mcp = world.client();
    await mcp.initialize();
    for (const client of [rpc, mcp, rpc, mcp, rpc])
      expect((await client.call('kit-ok', { nonce: 'counted' })).status).toBe(200);

    const refused = await rpc.call('kit-ok', { nonce: 'refused' });
    expect(refused.status).toBe(429);
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(Number.isInteger(retryAfter)).toBe(true);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(refused.answer?.error).toMatchObject({ code: 42900, data: { code: 'rate_limited' } });

    expect((await mcp.call('kit-ok', { nonce: 'refused' })).status).toBe(429);
    expect((await rpc.request('kit-ok', { nonce: 'refused' })).status).toBe(429);
    expect(world.upstream.journal.times('counted')).toBe(5);
    expect(world.upstream.journal.times('refused')).toBe(0);
  });

  it('does not count what the limit of the tool itself refuses', async () => {
    const [tool] = (await world.rest('GET', '/tools')).json() as { id: string }[];
    const own = (n: number) =>
      world.rest('PUT', `/tools/${String(tool?.id)}`, { maxCallsPerMinute: n });
    expect((await own(1)).status).toBe(200);
    const carol = new RpcClient(world.url, token('carol'));
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await carol.call('kit-ok')).status);
    expect(statuses).toEqual([200, 429, 429, 429]);
    expect((await own(0)).status).toBe(200);
    for (let i = 0; i < 5; i++) statuses.push((await carol.call('kit-ok')).status);
    expect(statuses.slice(4)).toEqual([200, 200, 200, 200, 429]);
  });

  it('counts each principal for itself, and lists are free', async () => {
    const bob = new RpcClient(world.url, token('bob'));
    expect((await bob.call('kit-ok')).status).toBe(200);
    const alice = new RpcClient(world.url, world.token);
    expect((await alice.request('tools/list')).status).toBe(200);
  });
});
