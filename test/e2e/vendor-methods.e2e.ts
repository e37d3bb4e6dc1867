import { token } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import { RpcClient } from '../drive/rpc-client.js';
import type { Loose } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

/** PROTOCOL.md §5.1: methods that only an upstream knows. */
describe('vendor methods', () => {
  let world: World;
  let upstreams: Record<'old' | 'new', Upstream>;

  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok'] } });
    upstreams = {
      old: world.upstream,
      new: await startUpstream({ era: 'modern', only: ['ok'] }),
    };
    await world.rest('POST', '/gateways', { name: 'new', url: upstreams.new.urls.http });
    await upstreams.old.set({ experimental: { acme: {} }, session: { forgetNow: true } });
    // The first finds the session gone, the second hears what the new one was greeted with.
    await world.rest('POST', '/gateways/kit/refresh');
    await world.rest('POST', '/gateways/kit/refresh');
    for (const [name, tools] of [
      ['old', ['kit-ok']],
      ['new', ['new-ok']],
      ['both', ['kit-ok', 'new-ok']],
    ] as const)
      await world.rest('POST', '/servers', { name, associatedTools: tools });
  });
  afterAll(async () => {
    await world.end();
    await upstreams.new.close();
  });

  const modern = (name: string, who = world.token): ModernClient =>
    new ModernClient(`${world.url}/servers/${name}/mcp`, who);
  const legacy = async (name: string): Promise<HttpClient> => {
    const client = world.client(`/servers/${name}/mcp`);
    await client.initialize();
    return client;
  };
  const clientOf = (era: string, name: string): Promise<HttpClient> =>
    era === 'modern' ? Promise.resolve(modern(name)) : legacy(name);
  const heard = (upstream: Upstream, method: string): number =>
    upstream.journal.events().filter((e) => e.method === method).length;
  const refusal = ({ status, answer }: Loose): unknown[] => [status, answer?.error?.code];

  const pairs = [
    ['legacy', 'old'],
    ['legacy', 'new'],
    ['modern', 'old'],
    ['modern', 'new'],
  ] as const;

  describe.each(pairs)('of a %s client at the %s upstream', (era, name) => {
    beforeAll(async () => {
      // To a modern client it need not say so.
      const experimental = era === 'legacy' ? { 'com.example/acme': {} } : {};
      await upstreams.new.set({ experimental });
      await world.rest('POST', '/gateways/new/refresh');
    });

    it('pass with what they say, whatever it is', async () => {
      const client = await clientOf(era, name);
      const { answer } = await client.request('acme/echo', { q: [1, { a: null }], name: 'x' });
      expect(answer?.result).toEqual({
        ...(era === 'modern' ? { resultType: 'complete' } : {}),
        echoed: { q: [1, { a: null }], name: 'x' },
        x: null,
      });
    });

    it('have their progress and notices relayed', async () => {
      const client = await clientOf(era, name);
      const more = { meta: { progressToken: 'mine' } };
      const { before, answer } =
        era === 'modern'
          ? await client.request('acme/steps', {}, more as object)
          : await client.request('acme/steps', { _meta: more.meta });
      expect(
        before.map(({ method, params }) => [method, params.progressToken ?? params.n]),
      ).toEqual([
        ['notifications/progress', 'mine'],
        ['notifications/acme/step', 1],
      ]);
      expect(answer?.result.done).toBe(true);
    });

    it('are cancelled', async () => {
      const client = await clientOf(era, name);
      const upstream = upstreams[name];
      const before = heard(upstream, 'acme/hang');
      const abort = new AbortController();
      const id = `hang-${era}-${name}`;
      const running =
        era === 'modern'
          ? client.request('acme/hang', {}, { signal: abort.signal })
          : client.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'acme/hang' }));
      running.catch(() => undefined);
      await eventually('it runs', () => heard(upstream, 'acme/hang') > before);
      if (era === 'modern') abort.abort();
      else await client.notify('notifications/cancelled', { requestId: id });
      await eventually('it ends above', () => {
        const events = upstream.journal.events();
        const { id: above } = events.filter((e) => e.method === 'acme/hang').pop() ?? {};
        return events.some((e) => ['cancel', 'closed'].includes(e.event) && e.id === above);
      });
      await running.catch(() => undefined);
    });
  });

  it('are announced where one upstream has them alone', async () => {
    const { answer } = await modern('old').request('server/discover');
    expect(answer?.result.capabilities.experimental).toEqual({ acme: {} });
    const both = await modern('both').request('server/discover');
    expect(both.answer?.result.capabilities).not.toHaveProperty('experimental');
  });

  it('are not found where several upstreams might have them', async () => {
    for (const name of ['both', 'old', 'new']) {
      const isOne = name !== 'both';
      const { answer } = await modern(name).request('acme/echo');
      expect(answer?.error?.code).toBe(isOne ? undefined : -32601);
    }
    const before = heard(upstreams.old, 'acme/echo') + heard(upstreams.new, 'acme/echo');
    expect(refusal(await modern('both').request('acme/echo'))).toEqual([404, -32601]);
    expect(refusal(await (await legacy('both')).request('acme/echo'))).toEqual([200, -32601]);
    const all = world.client();
    await all.initialize();
    expect(refusal(await all.request('acme/echo'))).toEqual([200, -32601]);
    expect(heard(upstreams.old, 'acme/echo') + heard(upstreams.new, 'acme/echo')).toBe(before);
  });

  it('are found on /rpc by the server that is named', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const { answer } = await rpc.request('acme/echo', { server_id: 'old', q: 1 });
    expect(answer?.result.echoed).toEqual({ q: 1 });
  });

  it('do not reach an old upstream that does not announce them, nor any that has them not', async () => {
    expect(refusal(await modern('old').request('other/echo'))).toEqual([404, -32601]);
    expect(heard(upstreams.old, 'other/echo')).toBe(0);
    expect(refusal(await modern('new').request('other/echo'))).toEqual([404, -32601]);
    expect(heard(upstreams.new, 'other/echo')).toBe(1);
  });

  it('are none of the methods of MCP', async () => {
    for (const method of ['ping', 'tasks/list', 'roots/list', 'tools/other'])
      expect(refusal(await modern('new').request(method))).toEqual([404, -32601]);
    expect(heard(upstreams.new, 'ping') + heard(upstreams.new, 'tasks/list')).toBe(0);
  });

  it('take the permission of tool calls, and no choice of tools', async () => {
    const before = heard(upstreams.new, 'acme/echo');
    const reader = token('alice', { scopes: { permissions: ['servers.use', 'tools.read'] } });
    expect((await modern('new', reader).request('acme/echo')).status).toBe(403);
    const narrow = token('alice', { scopes: { tools: ['new-*'] } });
    expect(refusal(await modern('new', narrow).request('acme/echo'))).toEqual([404, -32601]);
    expect(heard(upstreams.new, 'acme/echo')).toBe(before);
  });
});
