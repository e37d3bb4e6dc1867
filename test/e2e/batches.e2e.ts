import type { HttpClient, RpcMessage } from '../drive/http-client.js';
import { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly messages: readonly RpcMessage[];
}

const KEEPALIVE_S = 1;
const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' });
const call = (id: number, tool: string, args: object = {}, meta: object = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name: `kit-${tool}`, arguments: args, _meta: meta },
});
const notice = (method: string, params: object = {}) => ({ jsonrpc: '2.0', method, params });

/** PROTOCOL.md §2.3: arrays of clients of 2025-03-26. */
describe('batches of a client', () => {
  let world: World;
  let client: HttpClient;
  beforeAll(async () => {
    world = await aWorld({ env: { SSE_KEEPALIVE_INTERVAL: String(KEEPALIVE_S) } });
  });
  afterAll(() => world.end());
  beforeEach(async () => {
    client = world.client();
    await client.initialize({ sampling: {} }, '2025-03-26');
  });

  const send = async (
    batch: unknown,
    { accept, onMessage }: { accept?: string; onMessage?: (message: RpcMessage) => void } = {},
  ): Promise<Answered> => {
    const headers = accept === undefined ? {} : { accept };
    const response = await client.raw(JSON.stringify(batch), headers);
    const type = response.headers.get('content-type') ?? '';
    const { status } = response;
    if (!type.startsWith('text/event-stream') || response.body === null) {
      const text = await response.text();
      const body = text === '' ? [] : (JSON.parse(text) as RpcMessage | RpcMessage[]);
      return { status, type, messages: Array.isArray(body) ? body : [body] };
    }
    const reader = new SseReader(response.body, true);
    const messages: RpcMessage[] = [];
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      messages.push(JSON.parse(event.data) as RpcMessage);
      onMessage?.(messages.at(-1) as RpcMessage);
    }
    return { status, type, messages };
  };
  const idsOf = (messages: readonly RpcMessage[]) => messages.map(({ id }) => id);
  const textOf = (messages: readonly RpcMessage[], id: number): unknown =>
    messages.find((message) => message.id === id)?.result?.content[0].text;

  it('are answered by one array, whatever the order', async () => {
    const batch = [
      call(1, 'echolate', { message: 'late', ms: 100 }),
      notice('notifications/initialized'),
      ping(2),
      call(3, 'echo', { message: 'now' }),
    ];
    const { status, type, messages } = await send(batch);
    expect([status, type]).toEqual([200, 'application/json']);
    expect(idsOf(messages).sort()).toEqual([1, 2, 3]);
    expect([textOf(messages, 1), textOf(messages, 3)]).toEqual(['late', 'now']);
  });

  it('are answered by an array where the client takes no stream, and no progress comes', async () => {
    const batch = [call(1, 'progress', {}, { progressToken: 'p' }), ping(2)];
    const { type, messages } = await send(batch, { accept: 'application/json' });
    expect(type).toBe('application/json');
    expect(idsOf(messages).sort()).toEqual([1, 2]);
  });

  it('are answered by single events where the client takes a stream only', async () => {
    const { type, messages } = await send([ping(1), ping(2)], { accept: 'text/event-stream' });
    expect(type).toMatch(/^text\/event-stream/);
    expect(idsOf(messages).sort()).toEqual([1, 2]);
  });

  it.each([
    ['a stream only', {}, 0],
    ['progress first', { progressToken: 'p' }, 1],
  ])('are answered by all of many middling answers (%s)', async (_, meta, n) => {
    const first = call(0, 'progress', { n, everyMs: 1 }, meta);
    const blobs = Array.from({ length: 12 }, (__, i) => call(i + 1, 'blob', { bytes: 200_000 }));
    const accept = n === 0 ? { accept: 'text/event-stream' } : {};
    const { type, messages } = await send([first, ...blobs], accept);
    expect(type).toMatch(/^text\/event-stream/);
    const answered = messages.filter(({ method }) => method === undefined);
    expect(idsOf(answered).sort()).toEqual([first, ...blobs].map(({ id }) => id).sort());
  });

  it('are answered on one stream once progress precedes', async () => {
    const batch = [
      call(1, 'progress', { n: 3, everyMs: 50 }, { progressToken: 'one' }),
      call(2, 'progress', { n: 2, everyMs: 50 }, { progressToken: 2 }),
      ping(3),
    ];
    const { status, type, messages } = await send(batch);
    expect(status).toBe(200);
    expect(type).toMatch(/^text\/event-stream/);
    const steps = (token: unknown) =>
      messages.flatMap(({ params }) => (params?.progressToken === token ? [params.progress] : []));
    expect([steps('one'), steps(2)]).toEqual([
      [1, 2, 3],
      [1, 2],
    ]);
    const answered = messages.filter(({ method }) => method === undefined);
    expect(idsOf(answered).sort()).toEqual([1, 2, 3]);
    expect([textOf(messages, 1), textOf(messages, 2)]).toEqual(['done', 'done']);
  });

  it('let an upstream ask', async () => {
    const result = { role: 'assistant', content: { type: 'text', text: 'hm' }, model: 'm' };
    const onMessage = ({ id, method }: RpcMessage): void => {
      if (method === 'sampling/createMessage')
        void client.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
    };
    const { messages } = await send([call(1, 'sample'), ping(2)], { onMessage });
    expect(messages.some(({ method }) => method === 'sampling/createMessage')).toBe(true);
    expect(textOf(messages, 1)).toContain('"hm"');
    expect(messages.some(({ id, result: pong }) => id === 2 && pong !== undefined)).toBe(true);
  });

  it('are kept alive, and then told at once what is answered already', async () => {
    const seen: { id: unknown; at: number }[] = [];
    const begin = performance.now();
    const onMessage = ({ id }: RpcMessage): void => {
      seen.push({ id, at: performance.now() - begin });
    };
    const batch = [call(1, 'slow', { ms: 2500 }), ping(2)];
    const { type } = await send(batch, { onMessage });
    expect(type).toMatch(/^text\/event-stream/);
    expect(seen.map(({ id }) => id)).toEqual([2, 1]);
    expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(1000);
  });

  it('end empty when all of them are cancelled', async () => {
    const cancel = notice('notifications/cancelled', { requestId: 1 });
    const { status, messages } = await send([call(1, 'cancellable', { nonce: 'c' }), cancel]);
    expect([status, messages]).toEqual([200, []]);
  });

  it('of notices and answers alone are accepted', async () => {
    const answer = { jsonrpc: '2.0', id: 'unknown', result: {} };
    const { status, messages } = await send([notice('notifications/initialized'), answer]);
    expect([status, messages]).toEqual([202, []]);
  });

  it('cancel what runs', async () => {
    const slow = client.send(JSON.stringify(call(77, 'cancellable', { nonce: 'by-batch' })));
    const { journal } = world.upstream;
    await eventually('the call', () => journal.times('by-batch') === 1);
    await send([notice('notifications/cancelled', { requestId: 77 })]);
    expect((await slow).answer).toBeUndefined();
    await eventually('the cancellation', () => journal.cancelOf('by-batch'));
  });

  it('answer `initialize` and unknown methods alone with errors', async () => {
    const { messages } = await send([
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
      { jsonrpc: '2.0', id: 2, method: 'no/such' },
      ping(3),
    ]);
    const code = (id: number) => messages.find((m) => m.id === id)?.error?.code;
    expect([code(1), code(2), code(3)]).toEqual([-32600, -32601, undefined]);
  });

  it.each([
    ['no element', []],
    ['a number', [ping(1), 7]],
    ['an array', [[ping(1)]]],
    ['a message without jsonrpc', [ping(1), { id: 2, method: 'ping' }]],
    ['more than 50', Array.from({ length: 51 }, (_, n) => ping(n))],
    [
      'a modern message',
      [
        {
          ...ping(1),
          params: {
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        },
      ],
    ],
  ])('with %s are refused whole', async (_, batch) => {
    const { status, messages } = await send(batch);
    expect([status, messages[0]?.error?.code]).toEqual([400, -32600]);
  });

  it('are refused in a session of another revision', async () => {
    await client.initialize({}, '2025-06-18');
    const { status, messages } = await send([ping(1)]);
    expect([status, messages[0]?.error?.code]).toEqual([400, -32600]);
  });
});
