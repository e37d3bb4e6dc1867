import { startGateway } from '../drive/gateway-process.cjs';
import { RpcClient } from '../drive/rpc-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, worldOf, type World } from '../drive/world.js';

/** API.md §2.1 `metrics`, §4 `/metrics`: what records were used for. */
describe('metrics of records', () => {
  let world: World;
  let server: string;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'ok'] } });
    const made = await world.rest('POST', '/servers', { name: 's', associatedTools: ['kit-ok'] });
    server = made.json().id as string;
    const rpc = new RpcClient(world.url, world.token);
    for (let i = 0; i < 3; i++) await rpc.call('kit-echo', { message: 'm' });
    await rpc.call('kit-echo', { message: 7 });
    await rpc.request('tools/call', { name: 'kit-ok', arguments: {}, server_id: server });
    await rpc.request('prompts/get', { name: 'kit-greet', arguments: { name: 'A' } });
    await rpc.request('resources/read', { uri: 'test://one' });
  });
  afterAll(() => world.end());

  const get = async (path: string): Promise<Loose> => (await world.rest('GET', path)).json();
  const asJson = { accept: 'application/json' };

  it('count executions and failures of each kind', async () => {
    const echo = await get('/tools/kit-echo');
    expect(echo).toMatchObject({
      executionCount: 4,
      metrics: {
        totalExecutions: 4,
        successfulExecutions: 3,
        failedExecutions: 1,
        failureRate: 0.25,
      },
    });
    expect(echo.metrics.minResponseTime).toBeLessThanOrEqual(echo.metrics.avgResponseTime);
    expect(echo.metrics.lastExecutionTime).toMatch(/^\d{4}-.*Z$/);
    const counts = [
      (await get('/gateways/kit')).executionCount,
      (await get(`/servers/${server}`)).executionCount,
      (await get(`/servers/${server}/tools`))[0].executionCount,
      (await get('/prompts/kit-greet')).executionCount,
      (await get('/resources')).find((r: Loose) => r.uri === 'test://one').executionCount,
    ];
    expect(counts).toEqual([7, 1, 1, 1, 1]);
  });

  it('are left out of a list when not wanted, and sort it', async () => {
    expect((await get('/tools?include_metrics=false'))[0]).not.toHaveProperty('metrics');
    const names = (await get('/tools?sort=-executionCount')).map((t: Loose) => t.name);
    expect(names).toEqual(['kit-echo', 'kit-ok']);
    const first = await get('/tools?sort=executionCount&limit=1&include_pagination=true');
    const next = await get(
      `/tools?sort=executionCount&limit=1&cursor=${encodeURIComponent(first.nextCursor as string)}`,
    );
    expect([first.tools[0].name, next[0].name]).toEqual(['kit-ok', 'kit-echo']);
  });

  it('are totals in JSON, for those who may read them', async () => {
    const json = await world.rest('GET', '/metrics', undefined, asJson);
    expect(json.headers.get('vary')).toContain('Accept');
    expect(json.json()).toMatchObject({
      tools: { totalExecutions: 5, failedExecutions: 1 },
      resources: { totalExecutions: 1 },
      servers: { totalExecutions: 1 },
      prompts: { totalExecutions: 1 },
    });
    const stranger = await fetch(`${world.url}/metrics`, { headers: asJson });
    expect(stranger.status).toBe(401);
    await stranger.body?.cancel();
  });

  it('outlive a restart, and can be reset', async () => {
    await world.gateway.stop();
    world = worldOf(await startGateway({ dir: world.gateway.dir }), world.upstream);
    expect((await get('/tools/kit-echo')).executionCount).toBe(4);
    const { id } = await get('/tools/kit-echo');
    const one = await world.rest('POST', `/metrics/reset?entity=tool&entity_id=${String(id)}`);
    expect([one.status, one.json()]).toEqual([
      200,
      { status: 'success', message: 'Metrics reset for tool' },
    ]);
    expect((await get('/tools/kit-echo')).metrics).toMatchObject({
      totalExecutions: 0,
      failureRate: 0,
      avgResponseTime: null,
    });
    expect((await get('/tools/kit-ok')).executionCount).toBe(1);
    expect((await world.rest('POST', '/metrics/reset?entity=planet')).status).toBe(400);
    const all = await world.rest('POST', '/metrics/reset');
    expect(all.json().message).toBe('Metrics reset for all entities');
    expect((await world.rest('GET', '/metrics', undefined, asJson)).json().prompts).toMatchObject({
      totalExecutions: 0,
      lastExecutionTime: null,
    });
  });
});
