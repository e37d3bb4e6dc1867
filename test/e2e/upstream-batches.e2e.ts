import type { RpcMessage } from '../drive/http-client.js';
import { aWorld, type World } from '../drive/world.js';

const UPDATED = 'notifications/resources/updated';

/** PROTOCOL.md §1.2: arrays of an upstream that has agreed on 2025-03-26. */
describe.each(['STREAMABLEHTTP', 'SSE', 'WEBSOCKET'] as const)('batches over %s', (transport) => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['bundled'] } });
    await world.rest('DELETE', '/gateways/kit');
    const { urls } = world.upstream;
    const url = { STREAMABLEHTTP: urls.http, SSE: urls.sse, WEBSOCKET: urls.ws }[transport];
    for (const [name, revision] of [
      ['old', '2025-03-26'],
      ['new', '2025-06-18'],
    ]) {
      await world.upstream.set({ revision: revision as string });
      const made = await world.rest('POST', '/gateways', { name, url, transport, timeoutMs: 2000 });
      expect([made.status, made.text]).toEqual([200, expect.anything()]);
    }
  });
  afterAll(() => world.end());

  const call = async (gateway: 'old' | 'new', args: object = {}) => {
    await world.upstream.set({ revision: gateway === 'old' ? '2025-03-26' : '2025-06-18' });
    const client = world.client();
    await client.initialize();
    return client.request('tools/call', {
      name: `${gateway}-bundled`,
      arguments: args,
      _meta: { progressToken: 'mine' },
    });
  };
  const progress = (before: readonly RpcMessage[]) =>
    before.map(({ method, params }) => [method, params?.progressToken, params?.progress]);
  const step = (n: number) => ['notifications/progress', 'mine', n];

  it('are taken apart where they are the whole answer', async () => {
    const { answer, before } = await call('old');
    expect(answer?.result?.content[0].text).toBe('bundled');
    expect(progress(before)).toEqual([step(2)]);
  });

  it('are taken apart on a stream', async () => {
    const { answer, before } = await call('old', { precedes: true });
    expect(answer?.result?.content[0].text).toBe('bundled');
    expect(progress(before)).toEqual([step(1), step(2)]);
  });

  it('are no answer of an upstream of another revision', async () => {
    const { answer, before } = await call('new');
    expect(answer?.error?.message).toMatch(/no JSON-RPC|timed out/);
    expect(before).toEqual([]);
  });

  it('are taken apart where they come unasked', async () => {
    const client = world.client();
    await client.initialize();
    const abort = new AbortController();
    await client.request('resources/subscribe', { uri: 'test://one' });
    const { events } = await client.listen(abort.signal);
    const one = (by: string) => ({
      ...{ jsonrpc: '2.0', method: UPDATED, params: { uri: 'test://one', by } },
    });
    await world.upstream.emit([one('first'), one('last')]);
    const heard: unknown[] = [];
    while (!heard.includes('last')) {
      const message = JSON.parse((await events?.next())?.data ?? '') as RpcMessage;
      if (message.method === UPDATED) heard.push(message.params?.by);
    }
    expect(heard).toEqual(['first', 'last']);
    abort.abort();
  });
});
