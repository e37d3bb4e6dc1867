import { aWorld, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';
import { RpcClient } from '../drive/rpc-client.js';
import type { Loose } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';

/** API.md §9, items 41–48 and 51. */
describe('gateways and servers', () => {
  let world: World;
  let clockTool: Loose;

  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['echo', 'get_system_time'] },
      gateway: { name: 'time_server' },
      env: { HEALTH_CHECK_INTERVAL: '1', UNHEALTHY_THRESHOLD: '2' },
    });
    const tools: Loose[] = (await world.rest('GET', '/tools')).json();
    clockTool = tools.find((t) => t.originalName === 'get_system_time');
  });
  afterAll(() => world.end());

  it('registers an upstream connected and synced', async () => {
    const gateway = (await world.rest('GET', '/gateways/time_server')).json();
    expect(gateway).toMatchObject({
      name: 'time_server',
      slug: 'time-server',
      reachable: true,
      status: 'healthy',
      toolCount: 2,
    });
    expect(clockTool).toMatchObject({
      name: 'time-server-get-system-time',
      federationSource: 'time_server',
    });
  });

  it('accepts a body in snake case inside its wrapper', async () => {
    const other = await startUpstream({ only: ['ok'] });
    const made = await world.rest('POST', '/gateways', {
      gateway: { name: 'snake', url: other.urls.http, name_mode: 'original' },
    });
    expect(made.json()).toMatchObject({ name: 'snake', nameMode: 'original', toolCount: 1 });
    await world.rest('DELETE', '/gateways/snake');
    await other.close();
  });

  it('calls by the old form, under the original name', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const answer = await rpc.request('time-server-get-system-time', {
      timezone: 'Europe/Dublin',
      nonce: 'old',
    });
    expect(answer.answer?.result.content[0].text).toBe('12:00 Europe/Dublin');
    expect(world.upstream.journal.calls('old')[0]?.tool).toBe('get_system_time');
  });

  it('answers 502 with the reason for a dead upstream and keeps nothing', async () => {
    const answer = await world.rest('POST', '/gateways', {
      name: 'dead',
      url: 'http://127.0.0.1:1/mcp',
    });
    expect(answer.status).toBe(502);
    expect(answer.json().message).toBe(answer.json().detail);
    expect(answer.json().detail).toMatch(/refused/i);
    const names = (await world.rest('GET', '/gateways')).json().map((g: Loose) => g.name);
    expect(names).not.toContain('dead');
  });

  it('keeps a secret to itself, and goes on using it after an edit', async () => {
    const locked = await startUpstream({ only: ['whoami'], auth: 'Authorization: Bearer s3cret' });
    const made = await world.rest('POST', '/gateways', {
      name: 'sec',
      url: locked.urls.http,
      auth_type: 'bearer',
      auth_token: 's3cret',
    });
    expect(made.status).toBe(200);
    expect(made.text).not.toContain('s3cret');
    const edited = await world.rest('PUT', '/gateways/sec', {
      authToken: '*****',
      description: 'x',
    });
    expect(edited.status).toBe(200);
    expect(edited.text).not.toContain('s3cret');
    const rpc = new RpcClient(world.url, world.token);
    await rpc.call('sec-whoami', { nonce: 'sec' });
    expect(locked.journal.credential('sec')).toBe('Bearer s3cret');
    expect(world.gateway.output()).not.toContain('s3cret');
    await world.rest('DELETE', '/gateways/sec');
    await locked.close();
  });

  it('shows health, and refreshes without a difference', async () => {
    const health = (await world.rest('GET', '/gateways/time_server/health')).json();
    expect(health).toMatchObject({ status: 'healthy', reachable: true });
    const probed = await world.rest('GET', '/gateways/time_server/health?probe=true');
    expect(typeof probed.json().latencyMs).toBe('number');
    const refreshed = await world.rest('POST', '/gateways/time_server/tools/refresh');
    expect(refreshed.json()).toMatchObject({ success: true, toolsAdded: 0, toolsRemoved: 0 });
    const tool = (await world.rest('GET', `/tools/${clockTool.id}`)).json();
    expect(tool.id).toBe(clockTool.id);
  });

  it('makes a server from ids or names, refuses an unknown one', async () => {
    const made = await world.rest('POST', '/servers', {
      name: 'clock',
      associatedTools: [clockTool.id],
    });
    expect(made.status).toBe(201);
    expect(made.json().associatedTools).toEqual(['time-server-get-system-time']);
    const byName = await world.rest('POST', '/servers', {
      server: { name: 'echoes', associated_tools: ['time-server-echo'] },
    });
    expect(byName.status).toBe(201);
    const unknown = await world.rest('POST', '/servers', { name: 'u', associatedTools: ['foo'] });
    expect([unknown.status, unknown.json().code]).toEqual([400, 'unknown_reference']);
  });

  it('lists the tools of a server, and answers its state bare', async () => {
    const tools = (await world.rest('GET', '/servers/clock/tools')).json();
    expect(tools.map((t: Loose) => t.name)).toEqual(['time-server-get-system-time']);
    const off = await world.rest('POST', '/servers/clock/toggle?activate=false');
    expect(off.json()).toMatchObject({ name: 'clock', enabled: false });
    const on = await world.rest('POST', '/servers/clock/state?activate=true');
    expect(on.json().enabled).toBe(true);
  });

  it('gives the same ids when a gateway is deleted and comes back', async () => {
    const { upstream, rest } = world;
    expect((await rest('DELETE', '/gateways/time_server')).status).toBe(200);
    const gone = (await rest('GET', '/servers/clock')).json();
    expect(gone.missingItems).toHaveLength(1);
    await rest('POST', '/gateways', { name: 'time_server', url: upstream.urls.http });
    const back = (await rest('GET', '/servers/clock')).json();
    expect(back.missingItems).toEqual([]);
    expect(back.associatedToolIds).toEqual([clockTool.id]);
  });

  it('hides what is down, and shows it again by itself', async () => {
    const { upstream, rest } = world;
    const rpc = new RpcClient(world.url, world.token);
    const listed = async () =>
      (await rpc.request('tools/list')).answer?.result.tools.map((t: Loose) => t.name);
    await upstream.die('kill9');
    await eventually(
      'it is unhealthy',
      async () => {
        const found = (await rest('GET', '/gateways/time_server')).json();
        return found.status === 'unhealthy' && !found.reachable;
      },
      15_000,
    );
    await eventually('it is hidden', async () => !(await listed()).includes('time-server-echo'));
    const call = await rpc.call('time-server-echo', { message: 'x' });
    expect(call.answer?.error?.data.code).toBe('upstream_unavailable');
    const metrics = await rest('GET', '/metrics/prometheus');
    expect(metrics.text).toContain('gateway_up{gateway="time-server"} 0');
    await upstream.restart();
    await eventually(
      'it is back',
      async () => (await listed()).includes('time-server-echo'),
      15_000,
    );
  });
});

describe('skipped items', () => {
  let world: World;
  let upstream: Upstream;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok'] } });
    upstream = world.upstream;
  });
  afterAll(() => world.end());

  it('leaves out bad items one by one and pages through the rest', async () => {
    await upstream.set({ list: { extra: 120, pageSize: 50, badItems: true } });
    const refreshed = (await world.rest('POST', '/gateways/kit/refresh')).json();
    expect(refreshed).toMatchObject({ success: true });
    const skipped = refreshed.skippedItems.map((item: Loose) => item.name);
    expect(skipped).toContain('bad name with spaces');
    const client = world.client();
    await client.initialize();
    const list = await client.request('tools/list');
    const names: string[] = list.answer?.result.tools.map((t: Loose) => t.name);
    expect(names.filter((name) => name.startsWith('kit-extra-'))).toHaveLength(120);
    expect(names).toContain('kit-ok');
    // One tool without a schema makes strict clients refuse the whole list.
    const schemas = list.answer?.result.tools.map((t: Loose) => typeof t.inputSchema);
    expect(new Set(schemas)).toEqual(new Set(['object']));
    expect(list.answer?.result.nextCursor).toBeUndefined();
  });

  it('stops at a cursor that it has seen before', async () => {
    await upstream.set({ list: { extra: 20, pageSize: 10, repeatCursor: true, badItems: false } });
    const refreshed = await world.rest('POST', '/gateways/kit/refresh');
    expect(refreshed.status).toBe(200);
  });

  it('hears that a list changed', async () => {
    await upstream.set({ list: { extra: 3, pageSize: 0, repeatCursor: false, badItems: false } });
    await upstream.emit({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    const rpc = new RpcClient(world.url, world.token);
    await eventually('the new list', async () => {
      const list = await rpc.request('tools/list');
      return list.answer?.result.tools.length === 4;
    });
  });
});
