import { request } from 'node:http';
import { token } from '../drive/gateway-process.cjs';
import { SseClient } from '../drive/sse-client.js';
import { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** API.md §3.5, SECURITY.md S01, S03, S05, S11. */
describe('HTTP+SSE for clients', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok', 'blob', 'slow'] },
      env: { MAX_TOOL_CALLS_PER_MINUTE: '600', SSE_RETRY_TIMEOUT: '1234' },
    });
    await world.rest('POST', '/servers', { name: 'one', associatedTools: ['kit-ok'] });
  });
  afterAll(() => world.end());
  const opened = async (path = '/sse', who = world.token): Promise<SseClient> => {
    const client = new SseClient(world.url + path, who);
    expect(await client.connect()).toBe(200);
    return client;
  };

  it('says first where to send, as a path, and when to come back', async () => {
    const response = await fetch(`${world.url}/servers/one/sse`, {
      headers: { authorization: `Bearer ${world.token}`, accept: 'text/event-stream' },
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const reader = response.body!.getReader();
    const text = Buffer.from((await reader.read()).value ?? []).toString();
    expect(text).toMatch(
      /^event: endpoint\ndata: \/servers\/one\/message\?session_id=[0-9a-f]{32}\nretry: 1234\n\n$/,
    );
    await reader.cancel();
  });

  it('accepts a message and answers on the stream', async () => {
    const client = await opened();
    expect(await client.post(PING)).toEqual({ status: 202, raw: '{"status":"success"}' });
    expect((await client.hears((m) => m.id === 1)).result).toEqual({});
    await client.close();
  });

  it('takes the other spellings of address and parameter', async () => {
    const client = await opened();
    client.endpoint = client.endpoint.replace('/message?session_id=', '/v1/messages?sessionId=');
    expect((await client.post(PING)).status).toBe(202);
    await client.close();
  });

  it('does not let anyone but its owner send on a session', async () => {
    const client = await opened();
    const mallory = new SseClient(client.url, token('mallory'));
    mallory.endpoint = client.endpoint;
    const unknown = new SseClient(client.url, world.token);
    unknown.endpoint = client.endpoint.replace(/=.*/, `=${'0'.repeat(32)}`);
    const elsewhere = new SseClient(client.url, world.token);
    elsewhere.endpoint = client.endpoint.replace('/message', '/servers/one/message');
    for (const stranger of [mallory, unknown, elsewhere]) {
      const { status, raw } = await stranger.post(PING);
      expect([status, JSON.parse(raw).error]).toMatchObject([
        404,
        { message: 'Session not found' },
      ]);
    }
    const nobody = new SseClient(client.url, null);
    nobody.endpoint = client.endpoint;
    expect((await nobody.post(PING)).status).toBe(401);
    const without = new SseClient(client.url, world.token);
    without.endpoint = `${world.url}/message`;
    const { status, raw } = await without.post(PING);
    expect([status, JSON.parse(raw).error.message]).toEqual([400, 'Missing session_id']);
    expect(client.heard).toEqual([]);
    await client.close();
  });

  it('refuses what the other endpoints refuse', async () => {
    const connect = (path: string, headers = {}, who: string | null = world.token) =>
      new SseClient(world.url + path, who).connect(headers);
    expect(await connect('/sse', {}, null)).toBe(401);
    expect(await connect('/sse', {}, token('v', { role: 'viewer' }))).toBe(403);
    expect(await connect('/sse', { accept: 'application/json' })).toBe(406);
    expect(await connect('/sse', { origin: 'http://evil.test' })).toBe(403);
    expect(await connect('/servers/nothing/sse')).toBe(404);
    const host = await new Promise<number | undefined>((resolve, reject) => {
      request(`${world.url}/sse`, { headers: { host: 'evil.test' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(host).toBe(421);
    const posted = await fetch(`${world.url}/sse`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
    const got = await fetch(`${world.url}/message`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    const client = await opened();
    expect((await client.post(PING, { 'content-type': 'text/plain' })).status).toBe(415);
    await client.close();
  });

  it('ends with the token that opened it', async () => {
    const now = Math.floor(Date.now() / 1000);
    const client = await opened('/sse', token('brief', { exp: now + 2 }));
    await client.closed;
  });

  it('closes a reader who does not read', async () => {
    const stream = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${world.token}`, accept: 'text/event-stream' };
      request(`${world.url}/sse`, { headers }, resolve).on('error', reject).end();
    });
    const first = await new Promise<string>((resolve) => {
      stream.once('data', (chunk: Buffer) => {
        stream.pause();
        resolve(chunk.toString());
      });
    });
    const client = new SseClient(`${world.url}/sse`, world.token);
    client.endpoint = world.url + (/data: (\S+)/.exec(first)?.[1] ?? '');
    let refused = 0;
    const call = (id: number) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name: 'kit-blob', arguments: { bytes: 100_000 } },
      });
    for (let id = 0; id < 300 && refused === 0; id++)
      if ((await client.post(call(id))).status === 404) refused++;
    await eventually('the session is over', async () => (await client.post(PING)).status === 404);
    stream.destroy();
  });
});

describe('HTTP+SSE under a limit', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok', 'slow'] },
      env: { MAX_TOOL_CALLS_PER_MINUTE: '2', MAX_STREAMS_PER_PRINCIPAL: '2' },
    });
  });
  afterAll(() => world.end());

  it('tells the POST and the stream that there were too many calls', async () => {
    const client = new SseClient(`${world.url}/sse`, world.token);
    await client.initialize();
    await client.call('kit-ok');
    await client.call('kit-ok');
    const call = '{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"kit-ok"}}';
    const posted = await client.post(call);
    expect([posted.status, JSON.parse(posted.raw).error.code]).toEqual([429, 42900]);
    expect((await client.hears((m) => m.id === 'x')).error?.code).toBe(42900);
    await client.close();
  });

  it('opens so many streams for one principal and no more', async () => {
    const [a, b, c] = [0, 1, 2].map(() => new SseClient(`${world.url}/sse`, world.token));
    expect([await a!.connect(), await b!.connect(), await c!.connect()]).toEqual([200, 200, 429]);
    await a!.close();
    await eventually('there is room again', async () => (await c!.connect()) === 200);
    await Promise.all([b!.close(), c!.close()]);
  });
});

describe('HTTP+SSE at a shutdown', () => {
  it('lets calls finish, says when to come back, then ends', async () => {
    const world = await aWorld({ upstream: { only: ['ok', 'slow'] } });
    const response = await fetch(`${world.url}/sse`, {
      headers: { authorization: `Bearer ${world.token}`, accept: 'text/event-stream' },
    });
    const [own, mine] = response.body!.tee();
    const reader = new SseReader(own);
    const all = new Response(mine).text();
    const client = new SseClient(`${world.url}/sse`, world.token);
    client.endpoint = world.url + ((await reader.next())?.data ?? '');
    const params = { name: 'kit-slow', arguments: { ms: 500, nonce: 'last' } };
    await client.post(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params }));
    await eventually('it runs', () => world.upstream.journal.times('last') === 1);
    await world.gateway.stop('SIGTERM');
    expect(JSON.parse((await reader.next())?.data ?? '{}').result.content[0].text).toBe('slow');
    expect((await all).trimEnd()).toMatch(/retry: \d+$/);
    await world.end();
  });
});
