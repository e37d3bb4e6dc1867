import { ModernClient } from '../drive/modern-client.js';
import { token } from '../drive/gateway-process.cjs';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import type { Loose } from '../drive/rest.js';

const MODERN = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';

/** PROTOCOL.md §1.3, §2.2, §5.2: clients of 2026-07-28 in front of a legacy upstream. */
describe('modern clients', () => {
  let world: World;
  let client: ModernClient;
  beforeAll(async () => {
    world = await aWorld();
    client = new ModernClient(`${world.url}/mcp`, world.token);
  });
  afterAll(() => world.end());

  const verdict = ({ status, answer }: Loose): unknown[] => [status, answer?.error?.code];

  describe('the ladder', () => {
    const claim = {
      [`${PREFIX}protocolVersion`]: MODERN,
      [`${PREFIX}clientCapabilities`]: {},
    };
    const message = (more: Loose): string =>
      JSON.stringify({ jsonrpc: '2.0', id: 'x', method: 'tools/list', ...more });
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' };

    it.each<[string, string, Record<string, string>, number, number | undefined]>([
      ['another media type', message({}), { 'content-type': 'text/plain' }, 415, 41500],
      ['a body that is no JSON', '{', headers, 400, -32700],
      ['a doubled key', '{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}', headers, 400, -32600],
      ['an Accept of neither kind', message({}), { accept: 'text/html' }, 406, 40600],
      ['an id that is null', message({ id: null, params: { _meta: claim } }), headers, 400, -32600],
      ['a batch', `[${message({ params: { _meta: claim } })}]`, headers, 400, -32600],
      ['no claim', message({}), headers, 400, -32602],
      [
        'another Mcp-Method',
        message({ params: { _meta: claim } }),
        { ...headers, 'mcp-method': 'tools/call' },
        400,
        -32020,
      ],
      ['no headers', message({ params: { _meta: claim } }), {}, 400, -32020],
      [
        'an unknown method',
        message({ method: 'x/y', params: { _meta: claim } }),
        { ...headers, 'mcp-method': 'x/y' },
        404,
        -32601,
      ],
      ['a good request', message({ params: { _meta: claim } }), headers, 200, undefined],
    ])('answers %s', async (_, body, more, status, code) => {
      const answer = await client.send(body, { headers: more });
      expect(verdict(answer)).toEqual([status, code]);
      expect(answer.headers.get('mcp-session-id')).toBeNull();
    });

    it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe'])(
      'knows no %s',
      async (method) => {
        const answer = await client.request(method);
        expect(verdict(answer)).toEqual([404, -32601]);
        expect(answer.answer?.id).toBeDefined();
      },
    );

    it('refuses a revision that cannot be claimed', async () => {
      const meta = { [`${PREFIX}protocolVersion`]: 'v999.0.0' };
      const more = { meta, headers: { 'mcp-protocol-version': 'v999.0.0' } };
      const answer = await client.request('server/discover', {}, more);
      expect(verdict(answer)).toEqual([400, -32022]);
      expect(answer.answer?.error?.data).toMatchObject({
        supported: [MODERN],
        requested: 'v999.0.0',
      });
    });

    it.each<[string, string | undefined, number, number | undefined]>([
      ['missing', undefined, 400, -32020],
      ['of another tool', 'kit-ok', 400, -32020],
      ['in broken Base64', '=?base64?a2l0?=', 400, -32020],
      ['in Base64', `=?base64?${Buffer.from('kit-echo').toString('base64')}?=`, 200, undefined],
    ])('looks at an Mcp-Name %s', async (_, name, status, code) => {
      const calls = world.upstream.journal.events().length;
      const params = {
        name: 'kit-echo',
        arguments: { message: 'm', nonce: `name-${String(name)}` },
      };
      const all = { ...client.mirrored('tools/call', params), 'mcp-name': name };
      const given = Object.entries(all).filter(([, value]) => value !== undefined);
      const body = JSON.stringify({
        ...{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: claim } },
      });
      const answer = await client.send(body, {
        headers: Object.fromEntries(given) as Record<string, string>,
      });
      expect(verdict(answer)).toEqual([status, code]);
      if (status !== 200)
        expect(
          world.upstream.journal
            .events()
            .slice(calls)
            .filter((e) => e.method === 'tools/call'),
        ).toEqual([]);
    });

    it('takes a notification and does nothing', async () => {
      const method = 'notifications/cancelled';
      const body = JSON.stringify({ jsonrpc: '2.0', method, params: { requestId: 1 } });
      const answer = await client.send(body, {
        headers: { 'mcp-protocol-version': MODERN, 'mcp-method': method },
      });
      expect([answer.status, answer.raw]).toEqual([202, '']);
    });

    it('has nothing to GET or to DELETE', async () => {
      for (const method of ['GET', 'DELETE']) {
        const answer = await fetch(`${world.url}/mcp`, {
          method,
          headers: { authorization: `Bearer ${world.token}`, 'mcp-protocol-version': MODERN },
        });
        await answer.text();
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      }
    });

    it('ignores a session header', async () => {
      const more = { headers: { 'mcp-session-id': 'mg1.none' } };
      const answer = await client.request('tools/list', {}, more);
      expect([answer.status, answer.headers.get('mcp-session-id')]).toEqual([200, null]);
    });
  });

  it('repeat marked arguments in the head', async () => {
    const marked = { type: 'string', 'x-mcp-header': 'Region' };
    const schema = { type: 'object', properties: { nonce: { type: 'string' }, region: marked } };
    await world.upstream.set({ list: { schemas: { ok: schema } } });
    await world.rest('POST', '/gateways/kit/refresh');
    const call = (nonce: string, args: Loose, headers: Record<string, string>) =>
      client.call('kit-ok', { ...args, nonce }, { headers });
    for (const [nonce, args, headers] of [
      ['param-missing', { region: 'eu' }, {}],
      ['param-other', { region: 'eu' }, { 'mcp-param-region': 'us' }],
      ['param-alone', {}, { 'mcp-param-region': 'eu' }],
    ] as const) {
      expect(verdict(await call(nonce, args, headers))).toEqual([400, -32020]);
      expect(world.upstream.journal.times(nonce)).toBe(0);
    }
    const good = await call('param-good', { region: 'eu' }, { 'mcp-param-region': 'eu' });
    expect(good.answer?.result.content[0].text).toBe('ok');
    const legacy = world.client();
    await legacy.initialize();
    const old = await legacy.call(
      'kit-ok',
      { region: 'eu' },
      { headers: { 'mcp-param-region': 'x' } },
    );
    expect(old.answer?.result.content[0].text).toBe('ok');
  });

  it('discover what there is', async () => {
    const { answer } = await client.request('server/discover');
    expect(answer?.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: [MODERN, '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [`${PREFIX}serverInfo`]: { name: 'MCP_Gateway' } },
    });
  });

  it.each(['tools', 'prompts', 'resources'])('list %s with hints', async (kind) => {
    const { answer } = await client.request(`${kind}/list`);
    expect(answer?.result).toMatchObject({
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
    });
    expect(answer?.result[kind].length).toBeGreaterThan(0);
    expect(Object.keys(answer?.result)[0]).toBe('resultType');
  });

  it('get what the upstream said, and its type', async () => {
    const { raw } = await client.call('kit-structured');
    const legacy = world.client();
    await legacy.initialize();
    const same = (await legacy.call('kit-structured')).raw;
    const inside = (text: string): string => text.slice(text.indexOf('"result":{') + 10);
    expect(inside(raw)).toBe(`"resultType":"complete",${inside(same)}`);
  });

  it('read bad arguments in the result', async () => {
    const { answer } = await client.call('kit-echo', { message: 7 });
    expect(answer?.result).toMatchObject({ resultType: 'complete', isError: true });
  });

  it('hear which resource is not there', async () => {
    const uri = 'test://nope/at/all';
    const { status, answer } = await client.request('resources/read', { uri });
    expect([status, answer?.error?.code, answer?.error?.data.uri]).toEqual([200, -32602, uri]);
  });

  it('get log messages as severe as they ask for, unasked none', async () => {
    const logs = async (meta: Loose): Promise<number> =>
      (await client.call('kit-log', { n: 2 }, { meta })).before.filter(
        (m) => m.method === 'notifications/message',
      ).length;
    expect(await logs({})).toBe(0);
    expect(await logs({ [`${PREFIX}logLevel`]: 'emergency' })).toBe(0);
    expect(await logs({ [`${PREFIX}logLevel`]: 'debug' })).toBe(2);
  });

  it('cancel by closing, and the upstream hears of it in time', async () => {
    const gone = new AbortController();
    const nonce = 'modern-gone';
    const call = client.call('kit-cancellable', { nonce, ms: 20_000 }, { signal: gone.signal });
    call.catch(() => undefined);
    await eventually('the call', () => world.upstream.journal.calls(nonce).length === 1);
    const before = performance.now();
    gone.abort();
    await expect(call).rejects.toThrow();
    await eventually('the cancellation', () => world.upstream.journal.cancelOf(nonce), 1000);
    // 100 ms are ours; what is above them is the way of the journal through a file.
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('are served on /rpc, with headers or without', async () => {
    const rpc = new ModernClient(`${world.url}/rpc`, world.token);
    const bare = await rpc.send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: {
          _meta: { [`${PREFIX}protocolVersion`]: MODERN, [`${PREFIX}clientCapabilities`]: {} },
        },
      }),
    );
    expect(bare.answer?.result.resultType).toBe('complete');
    expect((await rpc.request('tools/list')).answer?.result.resultType).toBe('complete');
    expect(verdict(await rpc.request('ping'))).toEqual([404, -32601]);
    const wrong = await rpc.request('tools/list', {}, { headers: { 'mcp-method': 'ping' } });
    expect(verdict(wrong)).toEqual([400, -32020]);
  });

  it('see no more than their token', async () => {
    const narrow = token('alice', { scopes: { tools: ['kit-echo'] } });
    const other = new ModernClient(`${world.url}/mcp`, narrow);
    const { answer } = await other.request('tools/list');
    expect(answer?.result.tools.map((t: Loose) => t.name)).toEqual(['kit-echo']);
  });
});
