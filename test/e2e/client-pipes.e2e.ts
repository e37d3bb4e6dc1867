import { token } from '../drive/gateway-process.cjs';
import { over } from '../drive/over.js';
import type { McpClient } from '../drive/http-client.js';
import type { PipeClient } from '../drive/pipe-client.js';
import type { Loose } from '../drive/rest.js';
import { SseClient } from '../drive/sse-client.js';
import { UnreadSseClient } from '../drive/unread.js';
import { eventually } from '../drive/wait.js';
import { WsClient } from '../drive/ws-client.js';
import { aWorld, type World } from '../drive/world.js';

/** PROTOCOL.md §13, the columns `sse` and `ws L`: clients whose messages share one channel. */
describe('clients on pipes', () => {
  let world: World;
  let server: string;
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_TIMEOUT: '5' } });
    const made = await world.rest('POST', '/servers', { name: 'one', associatedTools: ['kit-ok'] });
    server = `/servers/${String(made.json().id)}`;
  });
  afterAll(() => world.end());
  const onPipes = (
    name: string,
    body: (client: PipeClient, way: 'sse' | 'ws') => Promise<void>,
  ): void => {
    over('sse', 'ws')(
      name,
      () => world,
      (client: McpClient, way) => body(client as PipeClient, way as 'sse' | 'ws'),
    );
  };
  const clientAt = (path: string, way: 'sse' | 'ws'): PipeClient =>
    way === 'sse'
      ? new SseClient(`${world.url}${path}/sse`, world.token)
      : new WsClient(`${world.url}${path}/ws`, world.token);

  onPipes('relay progress in order under the token of the caller', async (client) => {
    const done = await client.request('tools/call', {
      name: 'kit-progress',
      arguments: { n: 4, everyMs: 10 },
      _meta: { progressToken: 'mine' },
    });
    const steps = done.before.filter((m) => m.method === 'notifications/progress');
    expect(steps.map((m) => m.params?.['progress'])).toEqual([1, 2, 3, 4]);
    expect(steps.every((m) => m.params?.['progressToken'] === 'mine')).toBe(true);
    expect(done.answer?.result?.content[0].text).toBe('done');
  });

  onPipes('cancel the call that is named, and none else', async (client, way) => {
    const { journal } = world.upstream;
    const [mine, other] = [`mine-${way}`, `other-${way}`];
    const bystander = client.call('kit-slow', { ms: 400, nonce: other });
    const params = { name: 'kit-cancellable', arguments: { nonce: mine } };
    void client.send(JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params }));
    await eventually('both arrive', () => journal.times(mine) + journal.times(other) === 2);
    await client.notify('notifications/cancelled', { requestId: 'c', reason: 'enough' });
    const cancel = await eventually('the cancellation', () => journal.cancelOf(mine));
    expect(cancel).toMatchObject({ reason: 'enough' });
    expect((await bystander).answer?.result?.content[0].text).toBe('slow');
    expect(journal.cancelOf(other)).toBeUndefined();
    expect(client.heard.some((m) => m.id === 'c')).toBe(false);
  });

  onPipes('cancel every call of a client that is gone', async (client, way) => {
    const { journal } = world.upstream;
    const nonces = [`gone-1-${way}`, `gone-2-${way}`];
    for (const nonce of nonces) void client.call('kit-cancellable', { nonce });
    await eventually('both arrive', () => nonces.every((nonce) => journal.times(nonce) === 1));
    await client.close();
    await eventually('both are cancelled', () => nonces.every((nonce) => journal.cancelOf(nonce)));
  });

  it.each(['sse', 'ws'] as const)('are asked what their call needs (%s)', async (way) => {
    const client = clientAt('', way);
    await client.initialize({ sampling: {}, roots: {} });
    const respond = () => ({ result: { roots: [{ uri: 'file:///r' }] } });
    // The first question may find a shared upstream session; from then on the session is the client's own.
    await client.call('kit-roots', {}, { respond });
    const roots = await client.call('kit-roots', {}, { respond });
    expect(roots.answer?.result?.content[0].text).toContain('file:///r');
    const undeclared = await client.call('kit-elicit', {}, { respond });
    expect(undeclared.answer?.result?.content[0].text).toContain('-32601');
    await client.close();
  });

  onPipes('hear that a list changed, and read the new one', async (client) => {
    const before = (await client.request('tools/list')).answer?.result?.tools.length;
    await client.call('kit-listchanged', { n: 20 });
    await client.hears((m) => m.method === 'notifications/tools/list_changed');
    const after = (await client.request('tools/list')).answer?.result?.tools.length;
    expect(Number(after)).toBe(Number(before) + 1);
  });

  onPipes('hear of the resources they subscribed to', async (client) => {
    const uri = 'test://one';
    expect((await client.request('resources/subscribe', { uri })).answer?.result).toEqual({});
    await world.upstream.emit({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri },
    });
    const heard = await client.hears((m) => m.method === 'notifications/resources/updated');
    expect(heard.params).toMatchObject({ uri });
  });

  onPipes('get log messages down to the level they set', async (client) => {
    const lines = async (): Promise<number> =>
      (await client.call('kit-log', { n: 2 })).before.filter(
        (m) => m.method === 'notifications/message',
      ).length;
    expect(await lines()).toBe(2);
    await client.request('logging/setLevel', { level: 'error' });
    expect(await lines()).toBe(0);
  });

  onPipes('answer each of a hundred calls with one id', async (client) => {
    for (let i = 0; i < 50; i++)
      void client.send(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 'same',
          method: 'tools/call',
          params: { name: 'kit-echo', arguments: { message: `m${String(i)}` } },
        }),
      );
    const texts = await eventually('all answers', () => {
      const own = client.heard.filter((m) => m.id === 'same');
      return own.length === 50 && own.map((m) => m.result?.content[0].text as string);
    });
    expect(new Set(texts)).toEqual(new Set(Array.from({ length: 50 }, (_, i) => `m${String(i)}`)));
  });

  onPipes('cannot be initialised twice', async (client) => {
    const again = await client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    expect(again.answer?.error?.code).toBe(-32600);
    expect((await client.request('ping')).answer?.result).toEqual({});
  });

  over('sse')(
    'say which revisions they speak to a client of the other era',
    () => world,
    async (client) => {
      const claimed = await client.request('tools/list', {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      });
      expect([claimed.status, claimed.answer?.error?.code]).toEqual([400, -32022]);
      expect(claimed.answer?.error?.data).toMatchObject({
        supported: ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'],
        requested: '2026-07-28',
      });
    },
  );

  it.each(['sse', 'ws'] as const)('of a server see exactly its tools (%s)', async (way) => {
    const client = clientAt(server, way);
    await client.initialize({}, '2024-11-05');
    const list = await client.request('tools/list');
    expect(list.answer?.result?.tools.map((t: Loose) => t.name)).toEqual(['kit-ok']);
    const hidden = await client.call('kit-echo', { message: 'x' });
    expect(hidden.answer?.error?.code).toBe(-32602);
    await client.close();
  });

  it.each(['sse', 'ws'] as const)(
    'have their calls cancelled when their credential ends, also while they do not read (%s)',
    async (way) => {
      const cancelled = async (): Promise<number> => {
        const { text } = await world.rest('GET', '/metrics/prometheus');
        const line = new RegExp(
          `^mcpgateway_mcp_requests_total\\{[^}]*tools/call[^}]*"${way}"[^}]*cancelled[^}]*\\} (\\d+)`,
          'm',
        );
        return Number(line.exec(text)?.[1] ?? 0);
      };
      const before = await cancelled();
      const brief = token('brief', { exp: Math.floor(Date.now() / 1000) + 3 });
      const client =
        way === 'sse'
          ? new UnreadSseClient(`${world.url}/sse`, brief)
          : new WsClient(`${world.url}/ws`, brief);
      await client.initialize();
      const nonce = `brief-${way}`;
      void client.call('kit-cancellable', { nonce });
      await eventually('it arrives', () => world.upstream.journal.times(nonce) === 1);
      if (client instanceof WsClient) client.socket?.pause();
      else await client.stream.pause();
      const cancel = await eventually(
        'the cancellation',
        () => world.upstream.journal.cancelOf(nonce),
        15_000,
      );
      expect(cancel.reason).toBe('the credential of the client has ended');
      await eventually('it is counted', async () => (await cancelled()) === before + 1);
      if (client instanceof WsClient) client.socket?.terminate();
      else await client.close();
    },
    30_000,
  );

  it('leave nothing behind', async () => {
    await eventually('no stream is open', async () => {
      const { text } = await world.rest('GET', '/metrics/prometheus');
      return ['sse', 'ws'].every((way) =>
        text.includes(`mcpgateway_active_streams{transport="${way}"} 0`),
      );
    });
  });
});
