import { HttpClient } from '../drive/http-client.js';
import type { Loose } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import type { JournalEvent } from '../fakes/hostile-upstream/upstream.js';

const META = 'io.modelcontextprotocol/';

/** What a modern upstream can do wrong or unasked, behind legacy clients. */
describe('a modern upstream that misbehaves', () => {
  let world: World;
  let client: HttpClient;
  let nonces = 0;
  const nonce = (): string => `m${String(++nonces)}`;

  beforeAll(async () => {
    world = await aWorld({
      upstream: { era: 'modern' },
      env: { TOOL_TIMEOUT: '2', CIRCUIT_BREAKER_THRESHOLD: '1000' },
    });
    client = world.client();
    await client.initialize({ elicitation: {}, roots: { listChanged: true } });
  });
  afterAll(() => world.end());

  const events = (): JournalEvent[] => world.upstream.journal.events();
  const call = async (tool: string, args: Record<string, unknown> = {}): Promise<Loose> =>
    (await client.call(`kit-${tool}`, args)).answer;
  const era = async (): Promise<string> =>
    (await world.rest('GET', '/gateways/kit')).json().protocolEra;
  const closed = (tool: string): boolean =>
    events().some((e) => e.event === 'closed' && e.tool === tool);

  it('hears a claim and a head that repeats the body with every request, and no session', async () => {
    const n = nonce();
    expect((await call('echo', { message: 'hä', nonce: n })).result.content[0].text).toBe('hä');
    const [sent] = world.upstream.journal.calls(n);
    expect(sent?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    expect(sent?.headers).not.toHaveProperty('mcp-session-id');
    const meta = JSON.parse(sent?.bytes ?? '').params._meta;
    expect(meta[`${META}clientCapabilities`]).toEqual({ roots: {}, elicitation: { form: {} } });
    expect(meta[`${META}clientInfo`]).toEqual({ name: 'drive', version: '1' });
    expect(meta[`${META}logLevel`]).toBe('info');
    expect(events().some((e) => e.method === 'initialize')).toBe(false);
  });

  it('has its stream closed when it does not answer in time', async () => {
    const answer = await call('hang', { nonce: nonce() });
    expect(JSON.stringify(answer)).toMatch(/timed out|did not answer|timeout/i);
    await eventually('the stream is closed', () => closed('hang'));
    expect(events().some((e) => e.event === 'cancel')).toBe(false);
  });

  it('has its stream closed when the client cancels', async () => {
    const n = nonce();
    const running = client.send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 'c1',
        method: 'tools/call',
        params: { name: 'kit-cancellable', arguments: { nonce: n } },
      }),
    );
    await eventually('the call is there', () => world.upstream.journal.times(n) === 1);
    await client.notify('notifications/cancelled', { requestId: 'c1', reason: 'enough' });
    await running;
    await eventually('the stream is closed', () => closed('cancellable'));
    expect(events().some((e) => e.event === 'cancel')).toBe(false);
  });

  it.each(['close', 'half', 'garbage', 'wrongid'])(
    'fails alone when the answer is broken: %s',
    async (tool) => {
      const n = nonce();
      const answer = await call(tool, { nonce: n });
      expect(answer.error ?? answer.result.isError).toBeTruthy();
      expect(world.upstream.journal.times(n)).toBe(1);
      expect((await call('ok')).result.content[0].text).toBe('ok');
    },
  );

  it('is read again and asked once more when it refuses the head', async () => {
    await world.upstream.set({ modern: { refuseHeaders: 1 } });
    const n = nonce();
    expect((await call('echo', { message: 'x', nonce: n })).result.content[0].text).toBe('x');
    const since = events().filter((e) => e.n > (world.upstream.journal.calls(n)[0]?.n ?? 0));
    expect(since.some((e) => e.method === 'tools/list')).toBe(true);
    // Once, where the end of the subscription had told of it before.
    expect([1, 2]).toContain(world.upstream.journal.times(n));
  });

  it('keeps its complaints about the head to us', async () => {
    await world.upstream.set({ modern: { refuseHeaders: 2 } });
    const n = nonce();
    const { error } = await call('echo', { message: 'x', nonce: n });
    await world.upstream.set({ modern: { refuseHeaders: 0 } });
    expect(error.code).not.toBe(-32020);
    expect(world.upstream.journal.times(n)).toBe(2);
  });

  it('has its not-found in the words of a legacy client', async () => {
    const { answer } = await client.request('resources/read', { uri: 'test://items/none' });
    expect(answer?.error).toMatchObject({ code: -32002, data: { uri: 'test://items/none' } });
  });

  it('tells of resources that are watched, on one subscription', async () => {
    const ended = new AbortController();
    const { events: stream } = await client.listen(ended.signal);
    await client.request('resources/subscribe', { uri: 'test://one' });
    const asked = events().filter((e) => e.event === 'subscribed');
    expect(asked.at(-1)?.filter).toEqual({
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ['test://one'],
    });
    const params = { uri: 'test://one' };
    await world.upstream.emit({ method: 'notifications/resources/updated', params });
    let event = await stream?.next();
    while (event !== undefined && !event.data.includes('resources/updated'))
      event = await stream?.next();
    expect(JSON.parse(event?.data ?? '{}').params).toEqual(params);
    await client.request('resources/unsubscribe', { uri: 'test://one' });
    const last = events()
      .filter((e) => e.event === 'subscribed')
      .at(-1);
    expect(last?.filter).not.toHaveProperty('resourceSubscriptions');
    ended.abort();
  });

  it('is read again when it says that its tools have changed', async () => {
    await world.upstream.set({ list: { extra: 1 } });
    await world.upstream.emit({ method: 'notifications/tools/list_changed' });
    await eventually('the new tool is listed', async () => {
      const { answer } = await client.request('tools/list');
      return answer?.result.tools.some((t: Loose) => t.name === 'kit-extra-0');
    });
  });

  it('is listened to again after a break, and read', async () => {
    const count = (): number => events().filter((e) => e.event === 'subscribed').length;
    const before = count();
    const mark = events().at(-1)?.n ?? 0;
    await world.upstream.set({ modern: { endListens: true } });
    await eventually('it is listened to again', () => count() > before, 10_000);
    await eventually(
      'it is read again',
      () => events().some((e) => e.n > mark && e.method === 'tools/list'),
      10_000,
    );
  });

  it('is spoken to in its other era when it changes to that, and back', async () => {
    await world.upstream.set({ era: 'legacy' });
    const n = nonce();
    expect((await call('echo', { message: 'old', nonce: n })).result.content[0].text).toBe('old');
    expect(world.upstream.journal.times(n)).toBe(2);
    await eventually('it is known as legacy', async () => (await era()) === 'legacy', 10_000);
    await world.upstream.set({ era: 'modern' });
    const m = nonce();
    expect((await call('echo', { message: 'new', nonce: m })).result.content[0].text).toBe('new');
    await eventually('it is known as modern', async () => (await era()) === 'modern', 10_000);
    expect((await call('ok')).result.content[0].text).toBe('ok');
  });

  it('is asked again for its era when a legacy one calls itself otherwise', async () => {
    const served = async (): Promise<string> =>
      (await call('echo', { message: 'x', nonce: nonce() })).result.content[0].text;
    await world.upstream.set({ era: 'legacy' });
    await served();
    await eventually('it is known as legacy', async () => (await era()) === 'legacy', 10_000);
    const asked = (): number => events().filter((e) => e.method === 'server/discover').length;
    const before = asked();
    await world.upstream.set({ era: 'both' });
    expect(await served()).toBe('x');
    expect(asked()).toBe(before);
    await world.upstream.set({ era: 'both', version: '2.0.0' });
    expect(await served()).toBe('x');
    await eventually('it is known as modern', async () => (await era()) === 'modern', 10_000);
  });
});
