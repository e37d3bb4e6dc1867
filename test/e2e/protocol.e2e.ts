import { everywhere } from '../drive/over.js';
import { RpcClient } from '../drive/rpc-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';

/** API.md §9, items 52, 53 and 56, and the rules of ids (§3.3). */
describe('the protocol', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld();
  });
  afterAll(() => world.end());

  it('answers an unknown revision with its own', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const params = {
      protocolVersion: '1.0.0',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    const answer = await rpc.request('initialize', params);
    expect(answer.answer?.result.protocolVersion).toBe('2025-11-25');
    expect(answer.headers.get('mcp-session-id')).toBeNull();
  });

  everywhere(
    'tells an unknown method',
    () => world,
    async (client) => {
      const answer = await client.request('no/such');
      expect([answer.status, answer.answer?.error?.code]).toEqual([200, -32601]);
    },
  );

  everywhere(
    'refuses what is no message',
    () => world,
    async (client, way) => {
      for (const [body, code] of [
        ['{', -32700],
        ['[]', -32600],
        ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600],
        ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":7}', -32600],
      ] as const) {
        const answer = await client.send(body);
        const status = way === 'ws' ? 200 : 400;
        expect([body, answer.status, answer.answer?.error?.code]).toEqual([body, status, code]);
      }
    },
  );

  everywhere(
    'takes notifications in silence',
    () => world,
    async (client, way) => {
      const answer = await client.send('{"jsonrpc":"2.0","method":"notifications/whatever"}');
      expect([answer.status, answer.raw]).toEqual([
        202,
        way === 'sse' ? '{"status":"success"}' : '',
      ]);
    },
  );

  everywhere(
    'echoes ids as they were written',
    () => world,
    async (client) => {
      for (const id of ['1', '"1"', '-7', '"ä\\u0041"', '9007199254740991']) {
        const answer = await client.send(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
        expect(answer.raw).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
      }
    },
  );

  everywhere(
    'says what is missing',
    () => world,
    async (client) => {
      for (const [method, message] of [
        ['tools/call', 'Missing tool name in parameters'],
        ['resources/read', 'Missing resource URI in parameters'],
        ['prompts/get', 'Missing prompt name in parameters'],
      ] as const) {
        const { answer } = await client.request(method);
        expect(answer?.error).toMatchObject({ code: -32602, message });
      }
    },
  );

  everywhere(
    'validates arguments before the upstream hears',
    () => world,
    async (client, way) => {
      const { answer } = await client.call('kit-echo', { message: 7, nonce: `bad-${way}` });
      if (way === 'rpc') {
        expect(answer?.error?.code).toBe(-32602);
        expect(answer?.error?.data.errors[0].pointer).toBe('/message');
      } else expect(answer?.result.isError).toBe(true);
      expect(world.upstream.journal.times(`bad-${way}`)).toBe(0);
    },
  );

  everywhere(
    'reaches prompts, resources and templates',
    () => world,
    async (client) => {
      const prompt = await client.request('prompts/get', {
        name: 'kit-greet',
        arguments: { name: 'Ann' },
      });
      expect(prompt.answer?.result.messages[0].content.text).toBe('Hello Ann');
      for (const uri of ['test://one', 'ui://app/view.html?x=1', 'test://items/7']) {
        const read = await client.request('resources/read', { uri });
        expect(read.answer?.result.contents[0]).toMatchObject({ uri, text: `content of ${uri}` });
      }
      const missing = await client.request('resources/read', { uri: 'test://nope/at/all' });
      expect(missing.answer?.error?.code).toBe(-32002);
    },
  );

  it('gives the required argument of a prompt back as missing', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const answer = await rpc.request('prompts/get', { name: 'kit-greet', arguments: {} });
    expect(answer.answer?.error?.code).toBe(-32602);
  });

  it('counts calls for Prometheus, and in JSON for those who ask', async () => {
    await new RpcClient(world.url, world.token).call('kit-ok');
    const text = await world.rest('GET', '/metrics', undefined, { accept: '*/*' });
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text.text).toContain('# TYPE tool_calls_total counter');
    const line = /^tool_calls_total\{[^}]*tool="kit-ok"[^}]*status="success"[^}]*\} \d/m;
    expect(text.text).toMatch(line);
    expect(text.text).toContain('gateway_up{gateway="kit"} 1');
    const always = await world.rest('GET', '/metrics/prometheus', undefined, {
      accept: 'application/json',
    });
    expect(always.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('pages MCP lists only when told to', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const all = await rpc.request('tools/list');
    expect(all.answer?.result.nextCursor).toBeUndefined();
    expect(all.answer?.result.tools.every((t: Loose) => t.name.startsWith('kit-'))).toBe(true);
  });
});
