import { token } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { aWorld, type World } from '../drive/world.js';

/** API.md §9 item 50, SECURITY.md S05: a session id is no credential and cannot be taken over. */
describe('sessions', () => {
  let world: World;
  let serverPath: string;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok', 'echo'] } });
    const made = await world.rest('POST', '/servers', {
      name: 'one',
      associatedTools: ['kit-ok'],
    });
    serverPath = `/servers/${String(made.json().id)}/mcp`;
  });
  afterAll(() => world.end());

  it('serves a virtual server with exactly its tools', async () => {
    const client = world.client(serverPath);
    const hello = await client.initialize({}, '2025-06-18');
    expect(hello.status).toBe(200);
    expect(hello.answer?.result.protocolVersion).toBe('2025-06-18');
    expect(client.sessionId).toMatch(/^[\x21-\x7e]+$/);
    const list = await client.request('tools/list');
    expect(list.answer?.result.tools.map((t: { name: string }) => t.name)).toEqual(['kit-ok']);
    const hidden = await client.call('kit-echo', { message: 'x' });
    const absent = await client.call('kit-nothing', { message: 'x' });
    expect(hidden.answer?.error?.code).toBe(absent.answer?.error?.code);
    expect(await client.close()).toBe(204);
    expect((await client.request('ping')).status).toBe(404);
    expect(await client.close()).toBe(404);
  });

  it('answers 404 to another person with the same id, on every method', async () => {
    const alice = world.client();
    await alice.initialize();
    const abort = new AbortController();
    const stream = await alice.listen(abort.signal);
    expect(stream.status).toBe(200);
    const mallory = world.client('/mcp', token('mallory'));
    mallory.sessionId = alice.sessionId;
    expect((await mallory.request('tools/list')).status).toBe(404);
    expect((await mallory.listen(abort.signal)).status).toBe(404);
    expect(await mallory.close()).toBe(404);
    const none = new HttpClient(`${world.url}/mcp`, null);
    none.sessionId = alice.sessionId;
    expect((await none.request('tools/list')).status).toBe(401);
    expect((await alice.request('ping')).status).toBe(200);
    abort.abort();
  });

  it('answers 404 to an id that was changed, and 400 without one', async () => {
    const client = world.client();
    await client.initialize();
    const good = client.sessionId ?? '';
    const flipped = (at: number) =>
      good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
    const middle = Math.floor(good.length / 2);
    for (const bad of [
      flipped(middle),
      flipped(good.length - 6),
      good.slice(0, -4),
      `${good}AAAA`,
      'junk',
    ]) {
      client.sessionId = bad;
      const answer = await client.request('ping');
      expect([bad, answer.status, answer.answer?.error?.code]).toEqual([bad, 404, 40401]);
    }
    client.sessionId = null;
    expect((await client.request('ping')).status).toBe(400);
  });

  it('does not let the session of one server into another', async () => {
    const client = world.client();
    await client.initialize();
    const other = world.client(serverPath);
    other.sessionId = client.sessionId;
    expect((await other.request('ping')).status).toBe(404);
  });

  it('refuses a second listening stream and never hands over the first', async () => {
    const client = world.client();
    await client.initialize();
    const abort = new AbortController();
    expect((await client.listen(abort.signal)).status).toBe(200);
    expect((await client.listen(abort.signal)).status).toBe(409);
    abort.abort();
  });

  it('answers 404 for a server that is unknown or switched off', async () => {
    await world.rest('POST', '/servers/one/toggle?activate=false');
    const off = await world.client(serverPath).initialize();
    const unknown = await world
      .client('/servers/00000000-0000-4000-8000-000000000000/mcp')
      .initialize();
    expect([off.status, unknown.status]).toEqual([404, 404]);
    const named = await world
      .client('/servers/nowhere/mcp')
      .send('{"jsonrpc":"2.0","id":"q-1","method":"ping"}');
    expect([named.status, named.answer]).toMatchObject([
      404,
      { id: 'q-1', error: { code: 40400 } },
    ]);
    await world.rest('POST', '/servers/one/toggle?activate=true');
  });
});
