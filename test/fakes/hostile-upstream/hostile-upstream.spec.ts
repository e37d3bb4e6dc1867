import { HttpClient } from '../../drive/http-client.js';
import { SseReader } from '../../drive/sse.js';
import { eventually } from '../../drive/wait.js';
import { startUpstream, type Upstream } from './upstream.js';

/** Each fault must really happen to a naive client: one that does not cannot count as survived. */
describe('hostile upstream over HTTP', () => {
  let up: Upstream;
  let client: HttpClient;

  beforeAll(async () => {
    up = await startUpstream();
  });
  afterAll(() => up.close());
  beforeEach(async () => {
    client = new HttpClient(up.urls.http, null);
    await client.initialize();
  });

  const textOf = (result: unknown) =>
    (result as { content: { text: string }[] }).content[0]?.text ?? '';

  it('lists its behaviours and answers the plain ones', async () => {
    const list = await client.request('tools/list');
    const names = (list.answer?.result?.['tools'] as { name: string }[]).map((t) => t.name);
    expect(names).toEqual(expect.arrayContaining(['echo', 'hang', 'rst', 'sample', 'whoami']));
    expect(names).not.toContain('grandchild');
    const echo = await client.call('echo', { message: 'hä', nonce: 'e1' });
    expect(textOf(echo.answer?.result)).toBe('hä');
    expect(up.journal.times('e1')).toBe(1);
    expect((await client.call('rpcerror', { code: -32001 })).answer?.error?.code).toBe(-32001);
  });

  it('sends results that a parser would change', async () => {
    const { raw } = await client.call('structured');
    expect(raw).toContain('"a":12345678901234567890');
    expect(raw).toContain('"f":1.0');
    expect(raw).toContain(String.raw`\u0041\/`);
  });

  it.each(['close', 'rst', 'badchunk', 'bigheader'])('breaks the connection: %s', async (tool) => {
    await expect(client.call(tool)).rejects.toThrow(/fetch failed|terminated/);
  });

  it.each([
    ['half', 200],
    ['garbage', 200],
  ])('answers no JSON: %s', async (tool, status) => {
    const response = await client.raw(
      JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: tool } }),
    );
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  it('answers a page, another type, a redirect, a status', async () => {
    const statuses = [];
    for (const [name, args] of [
      ['html502', {}],
      ['wrongtype', {}],
      ['redirect', { code: 302 }],
      ['status', { code: 503, headers: { 'retry-after': '7' } }],
    ] as const) {
      const response = await client.raw(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 5,
          method: 'tools/call',
          params: { name, arguments: args },
        }),
      );
      await response.text();
      statuses.push([response.status, response.headers.get('content-type')?.split(';')[0]]);
    }
    expect(statuses).toEqual([
      [502, 'text/html'],
      [200, 'text/plain'],
      [302, undefined],
      [503, undefined],
    ]);
  });

  it('answers with another id, with the id as a string, with no result', async () => {
    expect((await client.call('wrongid')).answer?.id).toBe(987654);
    expect(typeof (await client.call('stringid')).answer?.id).toBe('string');
    const empty = (await client.call('noresult')).answer;
    expect(empty).not.toHaveProperty('result');
  });

  it('cuts characters between writes and counts on the reader', async () => {
    expect(textOf((await client.call('slices')).answer?.result)).toBe('häß😀');
  });

  it('hangs, and hears the cancellation', async () => {
    const id = 77;
    const abort = new AbortController();
    const params = { name: 'cancellable', arguments: { nonce: 'c1' } };
    const call = client.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }), {
      signal: abort.signal,
    });
    await eventually('the call arrives', () => up.journal.times('c1') === 1);
    await client.notify('notifications/cancelled', { requestId: id });
    expect(up.journal.cancelOf('c1')).toMatchObject({ id });
    abort.abort();
    await expect(call).rejects.toThrow();
  });

  it('relays progress before the answer and asks the client back', async () => {
    const progress = await client.request('tools/call', {
      name: 'progress',
      arguments: { n: 2 },
      _meta: { progressToken: 'p' },
    });
    expect(progress.before.map((m) => m.params?.['progress'])).toEqual([1, 2]);
    const asked = await client.call('roots', {}, { respond: () => ({ result: { roots: [] } }) });
    expect(textOf(asked.answer?.result)).toBe('{"roots":[]}');
  });

  it('forgets sessions when told to', async () => {
    await up.set({ session: { forgetNow: true, status: 410 } });
    expect((await client.call('ok')).status).toBe(410);
    await up.set({ session: { status: 404 } });
  });

  it('pages its lists, and can repeat a cursor for ever', async () => {
    await up.set({ list: { pageSize: 10, repeatCursor: true } });
    const page = async () => (await client.request('tools/list', { cursor: 'c0' })).answer?.result;
    expect((await page())?.['nextCursor']).toBe('c0');
    expect((await page())?.['nextCursor']).toBe('c0');
    await up.set({ list: { pageSize: 0, repeatCursor: false } });
  });

  it('wants its credential, and remembers what was shown', async () => {
    await up.set({ auth: { header: 'authorization', value: 'Bearer s3cret' } });
    expect((await client.call('ok', { nonce: 'a1' })).status).toBe(401);
    const headers = { authorization: 'Bearer s3cret' };
    const who = await client.call('whoami', { nonce: 'a2' }, { headers });
    expect(textOf(who.answer?.result)).toBe('Bearer s3cret');
    expect(up.journal.credential('a1')).toBeNull();
    expect(up.journal.credential('a2')).toBe('Bearer s3cret');
    await up.set({ auth: null });
  });

  it('speaks the older pair of SSE and POST', async () => {
    const abort = new AbortController();
    const stream = await fetch(up.urls.sse, { signal: abort.signal });
    if (stream.body === null) throw new Error('no body');
    const events = new SseReader(stream.body);
    const endpoint = await events.next();
    expect(endpoint?.event).toBe('endpoint');
    await fetch(new URL(endpoint?.data ?? '', up.urls.sse), {
      method: 'POST',
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
    expect((await events.next())?.data).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    abort.abort();
  });

  it('dies, and comes back on its port without its memory', async () => {
    await up.restart();
    expect((await client.call('ok')).status).toBe(404);
    expect(up.journal.initializes()).toBeGreaterThan(0);
  });
});
