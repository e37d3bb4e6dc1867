import { SseReader } from '../drive/sse.js';
import type { HttpClient } from '../drive/http-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** 25 Transports §Resumability: a client that lost its stream gets the rest of it, and nobody else does. */
describe('streams that are taken up again', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_TIMEOUT: '5', SSE_RETRY_TIMEOUT: '77' } });
  });
  afterAll(() => world.end());
  const opened = async (revision?: string): Promise<HttpClient> => {
    const client = world.client();
    await client.initialize({}, revision);
    return client;
  };
  const params = (nonce: string) => ({
    name: 'kit-progress',
    arguments: { n: 8, everyMs: 50, nonce },
    _meta: { progressToken: 'p' },
  });
  const begin = async (client: HttpClient, nonce: string) => {
    const abort = new AbortController();
    const body = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: params(nonce) };
    const response = await client.raw(JSON.stringify(body), {}, abort.signal);
    return { abort, reader: new SseReader(response.body!) };
  };
  const resume = (client: HttpClient, id: string) =>
    fetch(client.url, {
      headers: client.headers({ accept: 'text/event-stream', 'last-event-id': id }),
    });

  it('says first where a client can come back to, and after which pause', async () => {
    const client = await opened();
    const response = await client.raw(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: params('first') }),
    );
    const text = await response.text();
    expect(text).toMatch(
      /^id: [0-9a-f]{24}\.0\nretry: 77\ndata: \n\nid: [0-9a-f]{24}\.1\nevent: message\n/,
    );
  });

  it.each([
    ['2025-06-18', /^id: [0-9a-f]{24}\.1\nevent: message\n/],
    ['2024-11-05', /^event: message\n/],
  ])('sends clients of %s no empty event', async (revision, wanted) => {
    const client = await opened(revision);
    const response = await client.raw(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: params(revision) }),
    );
    expect(await response.text()).toMatch(wanted);
  });

  it('gives the rest of that stream, the answer too, and runs the call once', async () => {
    const client = await opened();
    const { abort, reader } = await begin(client, 'rest');
    let id = '';
    for (let i = 0; i < 3; i++) id = (await reader.next())?.id ?? '';
    abort.abort();
    const again = new SseReader((await resume(client, id)).body!);
    const rest: unknown[] = [];
    for (let e = await again.next(); e !== undefined; e = await again.next())
      rest.push(JSON.parse(e.data));
    const steps = rest
      .slice(0, -1)
      .map((m) => (m as { params: { progress: number } }).params.progress);
    expect(steps).toEqual([3, 4, 5, 6, 7, 8]);
    expect(rest.at(-1)).toMatchObject({ id: 5, result: { content: [{ text: 'done' }] } });
    expect(world.upstream.journal.times('rest')).toBe(1);
    expect(world.upstream.journal.cancelOf('rest')).toBeUndefined();
  });

  it('gives nobody the stream of another session', async () => {
    const [alice, bob] = [await opened(), await opened()];
    const { abort, reader } = await begin(alice, 'mine');
    const id = (await reader.next())?.id ?? '';
    abort.abort();
    const plain = new AbortController();
    const response = await fetch(bob.url, {
      headers: bob.headers({ accept: 'text/event-stream', 'last-event-id': id }),
      signal: plain.signal,
    });
    expect(response.status).toBe(200);
    // It is the listening stream of his own session: a second one would be too many.
    await eventually('he listens', async () => (await resume(bob, 'junk')).status === 409);
    plain.abort();
  });
});
