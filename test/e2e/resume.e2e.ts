import { aBlackHole } from '../drive/black-hole.js';
import { SseReader } from '../drive/sse.js';
import { HttpClient } from '../drive/http-client.js';
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

  describe('of a session that listens', () => {
    const LOG = 'notifications/message';
    beforeAll(async () => {
      const { urls } = world.upstream;
      const gateway = { name: 'own', url: urls.http, sessionMode: 'per-session' };
      await world.rest('POST', '/gateways', { ...gateway, transport: 'STREAMABLEHTTP' });
    });
    const upstreamSession = async (client: HttpClient, nonce: string): Promise<string> => {
      await client.call('own-echo', { message: 'x', nonce });
      return String(world.upstream.journal.calls(nonce)[0]?.session);
    };
    const say = (session: string, data: string) =>
      world.upstream.emit(
        { jsonrpc: '2.0', method: LOG, params: { level: 'error', data } },
        session,
      );
    /** Log messages, which no other session hears. */
    const heard = async (reader: SseReader | null, count: number) => {
      const found: { data: string; id: string }[] = [];
      while (found.length < count) {
        const event = await reader?.next();
        if (event === undefined) throw new Error('the stream ended');
        const message = JSON.parse(event.data) as { method: string; params: { data: string } };
        if (message.method === LOG) found.push({ data: message.params.data, id: event.id ?? '' });
      }
      return found;
    };
    /** Ends a stream, until the gateway has noticed. */
    const cut = async (abort: AbortController): Promise<void> => {
      abort.abort();
      await eventually('the stream is gone', async () => (await streams(world)) === 0);
    };

    it('says where a client can come back to', async () => {
      const client = await opened();
      const abort = new AbortController();
      const { body } = await fetch(client.url, {
        headers: client.headers({ accept: 'text/event-stream' }),
        signal: abort.signal,
      });
      const first = await new SseReader(body!).next();
      expect([first?.id, first?.data]).toEqual([expect.stringMatching(/^[0-9a-f]{24}\.0$/), '']);
      await cut(abort);
    });

    it('gives the rest, what was said meanwhile too, and goes on', async () => {
      const client = await opened();
      const first = new AbortController();
      const { events } = await client.listen(first.signal);
      const session = await upstreamSession(client, 'listen-rest');
      for (const data of ['a', 'b']) await say(session, data);
      const [a] = await heard(events, 2);
      await cut(first);
      await say(session, 'c');
      const second = new AbortController();
      const again = await client.listen(second.signal, a?.id);
      expect(again.status).toBe(200);
      await say(session, 'd');
      const rest = await heard(again.events, 3);
      expect(rest.map(({ data }) => data)).toEqual(['b', 'c', 'd']);
      await cut(second);
    });

    it('hands nobody a stream of which it knows no event', async () => {
      const client = await opened();
      const first = new AbortController();
      const { events } = await client.listen(first.signal);
      const session = await upstreamSession(client, 'listen-has');
      await say(session, 'a');
      await heard(events, 1);
      for (const id of [undefined, 'junk', '0'.repeat(24) + '.0'])
        expect((await client.listen(first.signal, id)).status).toBe(409);
      const stranger = await opened();
      const other = new AbortController();
      const { events: theirs } = await stranger.listen(other.signal, '0'.repeat(24) + '.0');
      await say(await upstreamSession(stranger, 'listen-stranger'), 'theirs');
      expect((await heard(theirs, 1)).map(({ data }) => data)).toEqual(['theirs']);
      first.abort();
      await cut(other);
    });

    it('hands the stream to who knows an event of it, and ends the older connection', async () => {
      const client = await opened();
      const signal = new AbortController();
      const { events } = await client.listen(signal.signal);
      const session = await upstreamSession(client, 'listen-back');
      for (const data of ['a', 'b']) await say(session, data);
      const [a] = await heard(events, 2);
      const again = await client.listen(signal.signal, a?.id);
      expect(again.status).toBe(200);
      await events?.closed;
      await say(session, 'c');
      expect((await heard(again.events, 2)).map(({ data }) => data)).toEqual(['b', 'c']);
      await cut(signal);
    });

    it('gives the stream to a client whose connection is dead without a sign of it', async () => {
      const client = await opened();
      const hole = await aBlackHole(world.url);
      const away = new HttpClient(`${hole.url}/mcp`, world.token);
      away.sessionId = client.sessionId;
      const signal = new AbortController();
      const { events } = await away.listen(signal.signal);
      const session = await upstreamSession(client, 'listen-hole');
      await say(session, 'a');
      const [a] = await heard(events, 1);
      hole.swallow();
      await say(session, 'b');
      const again = await client.listen(signal.signal, a?.id);
      expect(again.status).toBe(200);
      await say(session, 'c');
      expect((await heard(again.events, 2)).map(({ data }) => data)).toEqual(['b', 'c']);
      await cut(signal);
      await hole.close();
    });

    it('begins anew for who does not say where', async () => {
      const client = await opened();
      const first = new AbortController();
      const { events } = await client.listen(first.signal);
      const session = await upstreamSession(client, 'listen-anew');
      await say(session, 'a');
      await heard(events, 1);
      await cut(first);
      const second = new AbortController();
      const { events: fresh } = await client.listen(second.signal);
      await say(session, 'b');
      expect((await heard(fresh, 1)).map(({ data }) => data)).toEqual(['b']);
      second.abort();
    });
  });
});

async function streams({ url, token }: World): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const line = /^mcpgateway_active_streams\{transport="http"\} (\d+)$/m;
  return Number(line.exec(await answer.text())?.[1] ?? 0);
}
