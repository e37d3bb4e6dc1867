import { once } from 'node:events';
import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { token } from '../drive/gateway-process.cjs';
import { eventually } from '../drive/wait.js';
import { type Handshake, WsClient } from '../drive/ws-client.js';
import { aWorld, type World } from '../drive/world.js';

/** PROTOCOL.md §10.1, SECURITY.md S01, S04, S12. */
describe('WebSocket for clients', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok', 'blob', 'slow'] },
      env: { MAX_STREAMS_PER_PRINCIPAL: '2', LOG_LEVEL: 'debug', ACCESS_LOG: 'all' },
    });
    await world.rest('POST', '/servers', { name: 'one', associatedTools: ['kit-ok'] });
  });
  afterAll(() => world.end());
  const at = (path = '/ws', who: string | null = world.token) =>
    new WsClient(world.url + path, who);
  const shake = async (path: string, how: Handshake = {}, who: string | null = world.token) => {
    const client = at(path, who);
    const status = await client.connect(how);
    const protocol = client.socket?.protocol ?? '';
    if (status === 101) await client.close();
    return [status, protocol];
  };
  const opened = async (): Promise<WsClient & { socket: WebSocket }> => {
    const client = at();
    expect(await client.connect()).toBe(101);
    return client as WsClient & { socket: WebSocket };
  };

  it('looks at Host, Origin, credential and server before it says 101', async () => {
    expect(await shake('/ws')).toEqual([101, 'mcp']);
    expect(await shake('/servers/one/ws')).toEqual([101, 'mcp']);
    expect(await shake('/ws', { headers: { host: 'evil.test' } })).toEqual([421, '']);
    expect(await shake('/ws', { headers: { origin: 'http://evil.test' } })).toEqual([403, '']);
    expect(await shake('/ws', { headers: { origin: 'null' } })).toEqual([403, '']);
    expect(await shake('/ws', { headers: { cookie: 'jwt_token=x' } }, null)).toEqual([401, '']);
    expect(await shake('/ws', {}, token('v', { role: 'viewer' }))).toEqual([403, '']);
    expect(await shake('/servers/nothing/ws')).toEqual([404, '']);
  });

  it('takes a token beside the subprotocol, and never says it back', async () => {
    const offers = [`mcp.bearer.${world.token}`, `mcp.auth.${world.token}`];
    for (const offer of offers)
      expect(await shake('/ws', { protocols: ['mcp', offer] }, null)).toEqual([101, 'mcp']);
    expect(await shake('/ws', { protocols: ['mcp', 'mcp.bearer.junk'] }, null)).toEqual([401, '']);
    expect(await shake('/ws', { protocols: [] })).toEqual([101, '']);
    expect(world.gateway.output()).not.toContain(world.token);
  });

  it('takes no token from the query, and writes none down', async () => {
    expect(await shake(`/ws?token=${world.token}`, {}, null)).toEqual([401, '']);
    expect(world.gateway.output()).not.toContain(world.token);
  });

  it('refuses one socket too many', async () => {
    const [a, b] = [await opened(), await opened()];
    expect(await shake('/ws')).toEqual([429, '']);
    await a.close();
    await eventually('there is room again', async () => (await shake('/ws'))[0] === 101);
    await b.close();
  });

  it('answers a request that wants no upgrade', async () => {
    const answer = await fetch(`${world.url}/ws`);
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
  });

  it('says exactly that a frame could not be parsed, and goes on', async () => {
    const client = await opened();
    const frames: string[] = [];
    client.socket.on('message', (data: Buffer) => frames.push(data.toString()));
    client.socket.send('{"jsonrpc":');
    await eventually('the error', () => frames[0]);
    expect(frames[0]).toBe(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
    );
    client.socket.send('[{"jsonrpc":"2.0","id":1,"method":"ping"}]');
    await eventually('the refusal', () => frames[1]);
    expect(JSON.parse(frames[1] ?? '')).toMatchObject({ id: null, error: { code: -32600 } });
    expect((await client.request('ping')).answer?.result).toEqual({});
    await client.close();
  });

  it.each([
    ['a binary frame', 1003, (s: WebSocket) => s.send(Buffer.from('{}'), { binary: true })],
    ['more than 4 MiB', 1009, (s: WebSocket) => s.send('x'.repeat(5 * 1024 * 1024))],
    [
      'bad UTF-8',
      1007,
      (s: WebSocket) => s.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }),
    ],
    [
      'fragments without end',
      1008,
      (s: WebSocket) => {
        for (let i = 0; i < 20_000; i++) s.send('', { fin: false });
      },
    ],
  ])('closes on %s with %d', async (_, code, act) => {
    const client = await opened();
    const closed = client.closeCode();
    act(client.socket);
    expect(await closed).toBe(code);
  });

  it('closes on pings without end, whichever bound they meet first', async () => {
    const client = await opened();
    const closed = client.closeCode();
    for (let i = 0; i < 1000; i++) client.socket.ping();
    expect([1006, 1008]).toContain(await closed);
  });

  it('closes with the token that opened it', async () => {
    const now = Math.floor(Date.now() / 1000);
    const client = at('/ws', token('brief', { exp: now + 2 }));
    expect(await client.connect()).toBe(101);
    expect(await client.closeCode()).toBe(1008);
  });

  it('closes a reader who does not read, before much has piled up', async () => {
    const client = await opened();
    let bytes = 0;
    client.socket.on('message', (data: Buffer) => (bytes += data.length));
    client.socket.pause();
    const params = { name: 'kit-blob', arguments: { bytes: 100_000 } };
    for (let id = 0; id < 300; id++)
      client.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    await eventually(
      'its session is over',
      async () =>
        (await world.rest('GET', '/metrics/prometheus')).text.includes(
          'mcpgateway_active_streams{transport="ws"} 0',
        ),
      20_000,
    );
    const closed = once(client.socket, 'close');
    client.socket.resume();
    await closed;
    expect(bytes).toBeLessThan(15_000_000);
  });

  it('serves who would like another protocol as if it had not asked', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const socket = connect(world.gateway.port, '127.0.0.1');
    const heads = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ];
    const post = (more: readonly string[]) =>
      [
        'POST /rpc HTTP/1.1',
        `Host: 127.0.0.1:${String(world.gateway.port)}`,
        `Authorization: Bearer ${world.token}`,
        'Content-Type: application/json',
        `Content-Length: ${String(body.length)}`,
        ...more,
        '',
        body,
      ].join('\r\n');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const answered = (n: number) => text.split('"result":{}').length === n + 1;
    socket.write(post(heads));
    await eventually('the answer', () => answered(1));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    socket.write(post([]));
    await eventually('the next answer on the same connection', () => answered(2));
    socket.write(post(heads).replace('Upgrade: h2c', 'Upgrade: websocket'));
    await eventually('the third', () => answered(3));
    expect(text).not.toContain(' 101 ');
    socket.destroy();
  });
});

describe('WebSocket as it can be set', () => {
  it('takes a token from the query only where it is switched on, and still does not log it', async () => {
    const world = await aWorld({
      upstream: { only: ['ok'] },
      env: { MCPGATEWAY_WS_QUERY_TOKEN: 'true', LOG_LEVEL: 'debug', ACCESS_LOG: 'all' },
    });
    const client = new WsClient(`${world.url}/ws?token=${world.token}`, null);
    await client.initialize();
    expect((await client.call('kit-ok')).answer?.result?.content[0].text).toBe('ok');
    await client.close();
    expect(world.gateway.output()).not.toContain(world.token);
    await world.end();
  });

  it('pings, and ends who does not answer', async () => {
    const world = await aWorld({
      upstream: { only: ['ok'] },
      env: { WEBSOCKET_PING_INTERVAL: '1' },
    });
    const [alive, dead] = [0, 1].map(() => new WsClient(`${world.url}/ws`, world.token));
    await alive!.initialize();
    await dead!.initialize();
    // Without a listener for pings nothing would tell a dead client from a quiet one.
    Object.assign(dead!.socket!, { pong: () => undefined, _autoPong: false });
    expect(await dead!.closeCode()).toBe(1006);
    expect((await alive!.request('ping')).answer?.result).toEqual({});
    await alive!.close();
    await world.end();
  });

  it('lets calls finish at a shutdown, then says that it goes', async () => {
    const world = await aWorld({ upstream: { only: ['ok', 'slow'] } });
    const client = new WsClient(`${world.url}/ws`, world.token);
    await client.initialize();
    const call = client.call('kit-slow', { ms: 500, nonce: 'last' });
    await eventually('it runs', () => world.upstream.journal.times('last') === 1);
    const code = client.closeCode();
    const stopped = world.gateway.stop('SIGTERM');
    expect((await call).answer?.result?.content[0].text).toBe('slow');
    expect(await code).toBe(1001);
    await stopped;
    await world.end();
  });

  it('serves only the families that are switched on', async () => {
    const world = await aWorld({ upstream: { only: ['ok'] }, env: { TRANSPORT_TYPE: 'http,sse' } });
    const auth = { authorization: `Bearer ${world.token}` };
    const statusOf = async (path: string, method = 'GET') => {
      const answer = await fetch(world.url + path, { method, headers: auth });
      await answer.text();
      return answer.status;
    };
    expect(await statusOf('/mcp', 'POST')).toBe(404);
    expect(await new WsClient(`${world.url}/ws`, world.token).connect()).toBe(404);
    expect(await statusOf('/sse', 'POST')).toBe(405);
    expect(await statusOf('/rpc')).toBe(405);
    await world.end();
  });
});
