import { RpcClient } from '../drive/rpc-client.js';
import type { Loose, RestAnswer } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';

/** API.md §3.1, §3.3: the plain forms of MCP methods, and the old spellings on `/rpc`. */
describe('plain forms', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld();
  });
  afterAll(() => world.end());

  const post = (path: string, body: unknown): Promise<RestAnswer> => world.rest('POST', path, body);
  const hello = (version: Record<string, string>): Record<string, unknown> => ({
    ...version,
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  });

  it.each(['/protocol/initialize', '/initialize', '/v1/protocol/initialize/'])(
    'answers the bare result on %s, and mints no session',
    async (path) => {
      const answer = await post(path, hello({ protocol_version: '2025-06-18' }));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('mcp-session-id')).toBeNull();
      expect(answer.json()).toMatchObject({
        protocolVersion: '2025-06-18',
        capabilities: { tools: { listChanged: true } },
      });
    },
  );

  it('says what initialize lacks, with the old number in a header', async () => {
    const answer = await post('/protocol/initialize', hello({}));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('mcp-error-code')).toBe('-32002');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'missing_parameter',
      instance: '/protocol/initialize',
    });
  });

  it('answers a whole message with a whole message', async () => {
    const ping = await post('/protocol/ping', { jsonrpc: '2.0', id: 'test-123', method: 'ping' });
    expect(ping.text).toBe('{"jsonrpc":"2.0","id":"test-123","result":{}}');
    expect((await post('/protocol/ping', {})).text).toBe('{}');
    const failed = await post('/protocol/completion/complete', {
      jsonrpc: '2.0',
      id: 4,
      method: 'completion/complete',
      params: {},
    });
    expect([failed.status, failed.json()]).toMatchObject([200, { id: 4, error: { code: -32602 } }]);
  });

  it('takes notifications in silence', async () => {
    for (const path of ['/protocol/notifications', '/notifications'])
      for (const body of [
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { method: 'notifications/cancelled', params: { requestId: 7 } },
      ]) {
        const answer = await post(path, body);
        expect([answer.status, answer.text]).toEqual([202, '']);
      }
  });

  it('completes', async () => {
    const params = {
      ref: { type: 'ref/prompt', name: 'kit-greet' },
      argument: { name: 'name', value: 'A' },
    };
    const plain = await post('/protocol/completion/complete', params);
    const rpc = new RpcClient(world.url, world.token);
    const { answer } = await rpc.request('completion/complete', params);
    expect(plain.status).toBe(200);
    expect(plain.json()).toEqual(answer?.result);
    const lost = await post('/protocol/completion/complete', {
      ...params,
      ref: { type: 'ref/prompt', name: 'nobody' },
    });
    expect([lost.status, lost.json()['code']]).toEqual([404, 'prompt_not_found']);
  });

  it('refuses what does not belong there', async () => {
    const cases: [string, unknown, number, string][] = [
      ['/protocol/ping', '{', 400, 'parse_error'],
      ['/protocol/ping', '[]', 400, 'invalid_request'],
      ['/protocol/ping', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, 400, 'invalid_request'],
      ['/protocol/ping', { jsonrpc: '2.0', method: 'ping' }, 400, 'invalid_request'],
      ['/notifications', { jsonrpc: '2.0', id: 1, method: 'ping' }, 400, 'invalid_request'],
      ['/notifications', {}, 400, 'invalid_request'],
    ];
    for (const [path, body, status, code] of cases) {
      const answer = await post(path, body);
      expect([path, body, answer.status, answer.json()['code']]).toEqual([
        path,
        body,
        status,
        code,
      ]);
    }
    const get = await world.rest('GET', '/protocol/ping');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const bare = await fetch(`${world.url}/protocol/ping`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await bare.json()).toMatchObject({
      code: 'not_authenticated',
      detail: expect.any(String),
    });
  });
});

describe('old spellings on /rpc', () => {
  let world: World;
  let rpc: RpcClient;
  beforeAll(async () => {
    world = await aWorld();
    rpc = new RpcClient(world.url, world.token);
  });
  afterAll(() => world.end());

  it('list tools with all that the REST view has', async () => {
    const rest = (await world.rest('GET', '/tools?include_metrics=false')).json() as Loose[];
    for (const method of ['tools/list', 'list_tools']) {
      const { answer } = await rpc.request(method);
      const tools = answer?.result.tools as Loose[];
      expect(tools.map((t) => t.name)).toEqual(rest.map((t) => t.name));
      const [shown] = tools;
      for (const [key, value] of Object.entries(rest[0] as Record<string, unknown>))
        expect([key, shown[key]]).toEqual([key, value]);
    }
    const mcp = world.client();
    await mcp.initialize();
    const { answer } = await mcp.request('tools/list');
    expect(answer?.result.tools[0]).not.toHaveProperty('gatewayId');
  });

  it('list gateways as the REST view does, on /rpc alone', async () => {
    const { answer } = await rpc.request('list_gateways');
    const rest = (await world.rest('GET', '/gateways?include_metrics=false')).json();
    expect(answer?.result.gateways).toEqual(rest);
    const mcp = world.client();
    await mcp.initialize();
    expect((await mcp.request('list_gateways')).answer?.error?.code).toBe(-32601);
  });

  it('narrow to a server, and keep its name from the upstream', async () => {
    const made = await world.rest('POST', '/servers', {
      name: 'clock',
      associatedTools: ['kit-ok'],
    });
    const { id } = made.json() as { id: string };
    for (const server_id of [id, 'clock']) {
      const { answer } = await rpc.request('tools/list', { server_id });
      expect(answer?.result.tools.map((t: Loose) => t.name)).toEqual(['kit-ok']);
    }
    const params = { name: 'kit-ok', server_id: id, arguments: { nonce: 'narrow' } };
    expect((await rpc.request('tools/call', params)).answer?.result.isError).not.toBe(true);
    expect(world.upstream.journal.bytes('narrow')).not.toContain('server_id');
    const outside = { name: 'kit-echo', server_id: id, arguments: { message: 'x' } };
    expect((await rpc.request('tools/call', outside)).answer?.error?.code).toBe(-32601);
    const odd = await rpc.request('tools/list', { server_id: 7 });
    expect(odd.answer?.error).toMatchObject({ code: -32602, data: { code: 'invalid_params' } });
  });

  it('name the tool where the method stands', async () => {
    const { answer } = await rpc.request('kit-echo', { message: 'old', nonce: 'old' });
    expect(answer?.result.content[0].text).toContain('old');
    expect(world.upstream.journal.times('old')).toBe(1);
  });
});
