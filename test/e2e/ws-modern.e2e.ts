import { Client } from '@modelcontextprotocol/client';
import { CLAIM } from '../../src/kernel/mcp.js';
import { cancelTimes } from '../drive/cancel-times.js';
import { ModernClient } from '../drive/modern-client.js';
import { ModernWsClient, subscriptionOf } from '../drive/modern-ws-client.js';
import type { Loose } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { WsClient } from '../drive/ws-client.js';
import { WsTransport } from '../drive/ws-transport.js';
import { aWorld, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

/** PROTOCOL.md §13, the column `ws M`: clients of 2026-07-28 on a socket. */
describe('modern clients over WebSocket', () => {
  let world: World;
  let other: Upstream;
  const open: WsClient[] = [];
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_TIMEOUT: '20' } });
    other = await startUpstream({ only: ['cancellable'] });
    await world.rest('POST', '/gateways', { name: 'other', url: other.urls.http });
  });
  afterAll(async () => {
    await world.end();
    await other.close();
  });
  afterEach(async () => {
    for (const client of open.splice(0)) await client.close();
  });

  const modern = async (capabilities: Loose = {}): Promise<ModernWsClient> => {
    const client = await ModernWsClient.connected(`${world.url}/ws`, world.token, capabilities);
    open.push(client);
    return client;
  };
  const code = ({ answer }: Loose): unknown => answer?.error?.code;
  const initialize = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  };
  const plain = (id: string, method: string, params: object = {}): string =>
    JSON.stringify({ jsonrpc: '2.0', id, method, params });

  describe('the era of a socket', () => {
    it('is modern from the first such request on', async () => {
      const client = await modern();
      const list = await client.request('tools/list');
      expect(list.answer?.result).toMatchObject({ resultType: 'complete', ttlMs: 0 });
      for (const method of ['initialize', 'ping', 'tools/list'])
        expect(code(await client.send(plain(method, method, initialize)))).toBe(-32600);
      expect((await client.call('kit-ok')).answer?.result).toMatchObject({
        resultType: 'complete',
      });
      expect(code(await client.request('initialize'))).toBe(-32601);
      expect(code(await client.request('x/y'))).toBe(-32601);
    });

    it('is legacy once initialized, for who asked first as for who did not', async () => {
      const client = await modern();
      const discovered = await client.request('server/discover');
      expect(discovered.answer?.result.supportedVersions).toContain('2026-07-28');
      const greeted = await client.send(plain('i', 'initialize', initialize));
      expect(greeted.answer?.result.protocolVersion).toBe('2025-11-25');
      expect(code(await client.request('tools/list'))).toBe(-32600);
      expect(code(await client.send(plain('j', 'initialize', initialize)))).toBe(-32600);
      const list = await client.send(plain('k', 'tools/list'));
      expect(list.answer?.result).not.toHaveProperty('resultType');
    });

    it('is not settled by a claim that is refused', async () => {
      const client = await modern();
      const meta = { [CLAIM.protocolVersion]: 'v999' };
      const refused = await client.request('server/discover', {}, { meta });
      expect(refused.answer?.error).toMatchObject({
        code: -32022,
        data: { supported: ['2026-07-28'], requested: 'v999' },
      });
      const broken = { [CLAIM.clientCapabilities]: 7 };
      expect(code(await client.request('tools/list', {}, { meta: broken }))).toBe(-32602);
      const greeted = await client.send(plain('i', 'initialize', initialize));
      expect(greeted.answer?.result.protocolVersion).toBe('2025-11-25');
    });
  });

  it('get progress under their token, and logs as severe as they ask for', async () => {
    const client = await modern();
    const meta = { progressToken: 'mine' };
    const done = await client.call('kit-progress', { n: 3, everyMs: 10 }, { meta });
    expect(done.before.map((m) => [m.params?.['progress'], m.params?.['progressToken']])).toEqual([
      [1, 'mine'],
      [2, 'mine'],
      [3, 'mine'],
    ]);
    const logs = async (more: Loose) =>
      (await client.call('kit-log', { n: 2 }, { meta: more })).before;
    expect(await logs({})).toEqual([]);
    expect(await logs({ [CLAIM.logLevel]: 'debug' })).toHaveLength(2);
  });

  it('are told that a tool is missing in the call itself', async () => {
    const client = await modern();
    expect(code(await client.call('kit-nothing'))).toBe(-32602);
    const uri = 'test://nope/at/all';
    const missing = await client.request('resources/read', { uri });
    expect(missing.answer?.error).toMatchObject({ code: -32602, data: { uri } });
  });

  it('cancel their own call of two with one id, and no other', async () => {
    const { journal } = world.upstream;
    const [mine, theirs] = [await modern(), await modern()];
    const call = (client: ModernWsClient, nonce: string) => {
      void client.send(
        client.text('same', 'tools/call', { name: 'kit-cancellable', arguments: { nonce } }),
      );
    };
    call(mine, 'ws-mine');
    call(theirs, 'ws-theirs');
    await eventually('both', () => journal.times('ws-mine') + journal.times('ws-theirs') === 2);
    await mine.notify('notifications/cancelled', { requestId: 'same', reason: 'enough' });
    const cancel = await eventually('the cancellation', () => journal.cancelOf('ws-mine'));
    expect(cancel).toMatchObject({ reason: 'enough' });
    expect((await mine.call('kit-ok')).answer?.result).toBeDefined();
    expect(journal.cancelOf('ws-theirs')).toBeUndefined();
    expect(mine.heard.some((m) => m.id === 'same')).toBe(false);
  });

  it('cancel all their calls by closing', async () => {
    const { journal } = world.upstream;
    const client = await modern();
    const nonces = ['ws-gone-1', 'ws-gone-2'];
    for (const nonce of nonces) void client.call('kit-cancellable', { nonce });
    await eventually('both arrive', () => nonces.every((nonce) => journal.times(nonce) === 1));
    await client.close();
    await eventually('both are cancelled', () => nonces.every((nonce) => journal.cancelOf(nonce)));
  });

  describe('reach the right upstream within 100 ms', () => {
    const standing = async (client: ModernClient | ModernWsClient): Promise<string> => {
      const nonce = `bystander-${String(performance.now())}`;
      client.call('other-cancellable', { nonce }).catch(() => undefined);
      await eventually('the bystander', () => other.journal.times(nonce) === 1);
      return nonce;
    };
    const arrived = (nonce: string) =>
      eventually('the call', () => world.upstream.journal.times(nonce) === 1);

    it('cancelling by message', async () => {
      const client = await modern();
      const bystander = await standing(client);
      const ms = await cancelTimes(world.upstream.journal, async (nonce) => {
        const params = { name: 'kit-cancellable', arguments: { nonce } };
        void client.send(client.text(nonce, 'tools/call', params));
        await arrived(nonce);
        return async () => {
          await client.notify('notifications/cancelled', { requestId: nonce });
        };
      });
      expect(ms[2]).toBeLessThan(100);
      expect(other.journal.cancelOf(bystander)).toBeUndefined();
    });

    it('closing a POST', async () => {
      const client = new ModernClient(`${world.url}/mcp`, world.token);
      const bystander = await standing(await modern());
      const ms = await cancelTimes(world.upstream.journal, async (nonce) => {
        const abort = new AbortController();
        const call = client.call('kit-cancellable', { nonce }, { signal: abort.signal });
        await arrived(nonce);
        return async () => {
          abort.abort();
          await expect(call).rejects.toThrow();
        };
      });
      expect(ms[2]).toBeLessThan(100);
      expect(other.journal.cancelOf(bystander)).toBeUndefined();
    });
  });

  describe('asked by a legacy upstream', () => {
    const elicit = (client: ModernWsClient, nonce: string, more: Loose = {}) =>
      client.request('tools/call', { name: 'kit-elicit', arguments: { nonce }, ...more });
    const answers = (requestState: unknown) => ({
      requestState,
      inputResponses: { e1: { action: 'accept', content: { name: 'Ann' } } },
    });
    const able = { elicitation: { form: {} } };

    it('answer in rounds, on this socket or on the next', async () => {
      const client = await modern(able);
      const first = await elicit(client, 'ws-round');
      expect(first.answer?.result).toMatchObject({
        resultType: 'input_required',
        inputRequests: { e1: { method: 'elicitation/create' } },
      });
      await client.close();
      const next = await modern(able);
      const second = await elicit(next, 'ws-round', answers(first.answer?.result.requestState));
      expect(second.answer?.result).toMatchObject({ resultType: 'complete' });
      expect(second.raw).toContain('accept');
      expect(world.upstream.journal.times('ws-round')).toBe(1);
      expect(client.heard.concat(next.heard).filter((m) => m.method !== undefined)).toEqual([]);
    });

    it('cancel a call that may ask by closing in a round', async () => {
      const { journal } = world.upstream;
      const client = await modern(able);
      void client.call('kit-cancellable', { nonce: 'ws-parked' });
      await eventually('it arrives', () => journal.times('ws-parked') === 1);
      await client.close();
      await eventually('the cancellation', () => journal.cancelOf('ws-parked'));
    });

    it('say at once that nobody can be asked where they declare nothing', async () => {
      const client = await modern();
      const { answer } = await elicit(client, 'ws-mute');
      expect(answer?.result.resultType).toBe('complete');
      expect(client.heard.every((m) => m.method === undefined)).toBe(true);
    });
  });

  describe('listening', () => {
    it('hear several subscriptions apart, each under its id', async () => {
      const client = await modern();
      const granted = await client.subscribe('tools', { toolsListChanged: true });
      expect(granted.params).toEqual({
        notifications: { toolsListChanged: true },
        _meta: { [CLAIM.subscriptionId]: 'tools' },
      });
      await client.subscribe('uri', { resourceSubscriptions: ['test://one'] });
      await client.subscribe('all', { toolsListChanged: true, promptsListChanged: true });
      await client.call('kit-listchanged', { n: 1 });
      const heard = (method: string) =>
        client.heard
          .filter((m) => m.method === method)
          .map(subscriptionOf)
          .sort();
      await eventually('both', () => heard('notifications/tools/list_changed').length === 2);
      expect(heard('notifications/tools/list_changed')).toEqual(['all', 'tools']);
      await eventually('the subscription above', () =>
        world.upstream.journal.events().some((e) => e.method === 'resources/subscribe'),
      );
      const method = 'notifications/resources/updated';
      await world.upstream.emit({ jsonrpc: '2.0', method, params: { uri: 'test://one' } });
      const updated = await client.hears((m) => m.method === method);
      expect(subscriptionOf(updated)).toBe('uri');
    });

    it('hear nothing unasked, and nothing more of what they end', async () => {
      const client = await modern();
      const probe = await modern();
      await client.subscribe('mine', { toolsListChanged: true });
      await probe.subscribe('probe', { toolsListChanged: true });
      await client.notify('notifications/cancelled', { requestId: 'mine' });
      // What has been sent before is read before: the end has come once this is answered.
      await client.request('tools/list');
      await client.call('kit-listchanged', { n: 1 });
      await probe.hears((m) => m.method === 'notifications/tools/list_changed');
      await client.request('tools/list');
      expect(client.heard.filter((m) => m.method !== undefined).map((m) => m.method)).toEqual([
        'notifications/subscriptions/acknowledged',
      ]);
      expect(client.heard.some((m) => m.id === 'mine')).toBe(false);
    });

    it('are told twice that the gateway ends it, then that it goes', async () => {
      const brief = await aWorld({ upstream: { only: ['ok'] } });
      const client = await ModernWsClient.connected(`${brief.url}/ws`, brief.token);
      await client.subscribe('l', { toolsListChanged: true });
      const closed = client.closeCode();
      const stopped = brief.gateway.stop('SIGTERM');
      expect(await closed).toBe(1001);
      expect(client.heard.slice(-2)).toMatchObject([
        { id: 'l', result: { resultType: 'complete', _meta: { [CLAIM.subscriptionId]: 'l' } } },
        { method: 'notifications/cancelled', params: { requestId: 'l' } },
      ]);
      await stopped;
      await brief.end();
    });
  });

  it('see exactly the tools of a server', async () => {
    await world.rest('POST', '/servers', { name: 'narrow', associatedTools: ['kit-ok'] });
    const client = await ModernWsClient.connected(`${world.url}/servers/narrow/ws`, world.token);
    open.push(client);
    const { answer } = await client.request('tools/list');
    expect(answer?.result.tools.map((t: Loose) => t.name)).toEqual(['kit-ok']);
    expect(code(await client.call('kit-echo', { message: 'x' }))).toBe(-32602);
  });

  it.each([['auto' as const], [{ pin: '2026-07-28' }]])(
    'are served through the client of the SDK, mode %j',
    async (mode) => {
      const client = new Client(
        { name: 'modern', version: '1' },
        { versionNegotiation: { mode }, capabilities: { elicitation: {} } },
      );
      client.setRequestHandler('elicitation/create', () => ({
        action: 'accept',
        content: { name: 'Ann' },
      }));
      await client.connect(new WsTransport(`${world.url}/ws`, world.token));
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      const { tools } = await client.listTools();
      expect(tools.map((t) => t.name)).toContain('kit-echo');
      const said = await client.callTool({ name: 'kit-elicit', arguments: {} });
      expect(JSON.stringify(said)).toContain('accept');
      const subscription = await client.listen({ toolsListChanged: true });
      expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
      await subscription.close();
      await client.close();
    },
  );

  it('leave nothing behind', async () => {
    await eventually('no stream is open', async () => {
      const { text } = await world.rest('GET', '/metrics/prometheus');
      return text.includes('mcpgateway_active_streams{transport="ws"} 0');
    });
  });
});
