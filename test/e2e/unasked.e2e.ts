import type { RpcMessage } from '../drive/http-client.js';
import type { PipeClient } from '../drive/pipe-client.js';
import { SseClient } from '../drive/sse-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import { WsClient } from '../drive/ws-client.js';

const SAMPLING = 'sampling/createMessage';
const LOG = 'notifications/message';

/** What the two kinds of clients have in common here: a stream of their own, and a way to answer. */
interface Owner {
  call(nonce: string): Promise<unknown>;
  hears(passes: (message: RpcMessage) => boolean): Promise<RpcMessage>;
  heard(): readonly RpcMessage[];
  answer(id: RpcMessage['id'], inside: object): Promise<unknown>;
  setLevel(level: string): Promise<unknown>;
  close(): void;
}

async function overHttp(world: World, capabilities: unknown): Promise<Owner> {
  const client = world.client();
  await client.initialize(capabilities);
  const abort = new AbortController();
  const { events } = await client.listen(abort.signal);
  const heard: RpcMessage[] = [];
  const pump = async (): Promise<void> => {
    for (let event = await events?.next(); event !== undefined; event = await events?.next())
      if (event.data !== '') heard.push(JSON.parse(event.data) as RpcMessage);
  };
  void pump();
  return {
    call: (nonce) => client.call('kit-echo', { message: 'x', nonce }),
    hears: (passes) => eventually('a message', () => heard.find(passes)),
    heard: () => heard,
    answer: (id, inside) => client.send(JSON.stringify({ jsonrpc: '2.0', id, ...inside })),
    setLevel: (level) => client.request('logging/setLevel', { level }),
    close: () => {
      abort.abort();
    },
  };
}

async function overPipe(client: PipeClient, capabilities: unknown): Promise<Owner> {
  await client.initialize(capabilities);
  return {
    call: (nonce) => client.call('kit-echo', { message: 'x', nonce }),
    hears: (passes) => client.hears(passes),
    heard: () => client.heard,
    answer: (id, inside) => client.send(JSON.stringify({ jsonrpc: '2.0', id, ...inside })),
    setLevel: (level) => client.request('logging/setLevel', { level }),
    close: () => {
      void client.close();
    },
  };
}

const CLIENTS: Record<string, (world: World, capabilities: unknown) => Promise<Owner>> = {
  http: overHttp,
  sse: (world, all) => overPipe(new SseClient(`${world.url}/sse`, world.token), all),
  ws: (world, all) => overPipe(new WsClient(`${world.url}/ws`, world.token), all),
};

/** PROTOCOL.md §3.2, §4.5: what an upstream says outside any call to the one client it has. */
describe.each(['STREAMABLEHTTP', 'SSE', 'WEBSOCKET'] as const)('unasked over %s', (transport) => {
  let world: World;
  let count = 0;
  const owners: Owner[] = [];
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo'] } });
    const { urls } = world.upstream;
    const url = { STREAMABLEHTTP: urls.http, SSE: urls.sse, WEBSOCKET: urls.ws }[transport];
    for (const [name, sessionMode] of [
      ['kit', 'per-session'],
      ['common', 'shared'],
    ]) {
      if (name === 'kit') await world.rest('DELETE', '/gateways/kit');
      const made = await world.rest('POST', '/gateways', { name, url, transport, sessionMode });
      expect([made.status, made.text]).toEqual([200, expect.anything()]);
    }
  });
  afterEach(() => {
    for (const owner of owners.splice(0)) owner.close();
  });
  afterAll(() => world.end());

  const upstreamSession = async (owner: Owner): Promise<string> => {
    const nonce = `n${String(++count)}`;
    await owner.call(nonce);
    return String(world.upstream.journal.events().find((e) => e.nonce === nonce)?.session);
  };
  const opened = async (kind: string, capabilities: unknown = { sampling: {} }) => {
    const owner = await (CLIENTS[kind] as (typeof CLIENTS)['http'])(world, capabilities);
    owners.push(owner);
    return { owner, session: await upstreamSession(owner) };
  };
  const question = (id: string) => ({
    jsonrpc: '2.0',
    id,
    method: SAMPLING,
    params: { messages: [], maxTokens: 5 },
  });
  const answerTo = (id: string, session: string) =>
    eventually(`an answer to ${id}`, () =>
      world.upstream.journal
        .events()
        .find((e) => e.event === 'response' && e.id === id && e.session === session),
    );

  it.each(Object.keys(CLIENTS))('asks the owner on %s, and takes its answer', async (kind) => {
    const { owner, session } = await opened(kind);
    const other = await opened(kind);
    const id = `q-${kind}`;
    await world.upstream.emit(question(id), session);
    const asked = await owner.hears((m) => m.method === SAMPLING);
    expect(asked.id).not.toBe(id);
    expect(asked.params.maxTokens).toBe(5);
    await owner.answer(asked.id, { result: { said: 'yes' } });
    expect((await answerTo(id, session)).bytes).toContain('"result":{"said":"yes"}');
    expect(other.owner.heard().filter((m) => m.method === SAMPLING)).toEqual([]);
  });

  it.each(Object.keys(CLIENTS))('tells the owner on %s what it wants to hear', async (kind) => {
    const { owner, session } = await opened(kind);
    await owner.setLevel('warning');
    const log = (level: string) => ({
      jsonrpc: '2.0',
      method: LOG,
      params: { level, data: { kind } },
    });
    await world.upstream.emit(log('info'), session);
    await world.upstream.emit(log('error'), session);
    await owner.hears((m) => m.method === LOG);
    const heard = owner.heard().filter((m) => m.method === LOG);
    expect(heard.map((m) => m.params)).toEqual([{ level: 'error', data: { kind } }]);
  });

  it('takes a question back from the owner', async () => {
    const { owner, session } = await opened('http');
    await world.upstream.emit(question('back'), session);
    const asked = await owner.hears((m) => m.method === SAMPLING);
    const method = 'notifications/cancelled';
    const params = { requestId: 'back' };
    await world.upstream.emit({ jsonrpc: '2.0', method, params }, session);
    const taken = await owner.hears((m) => m.method === method);
    expect(taken.params.requestId).toBe(asked.id);
  });

  it('refuses at once where the owner has no stream, or cannot do it', async () => {
    const client = world.client();
    await client.initialize({ sampling: {} });
    await client.call('kit-echo', { message: 'x', nonce: 'alone' });
    const [{ session } = { session: '' }] = world.upstream.journal.calls('alone');
    await world.upstream.emit(question('alone'), String(session));
    expect((await answerTo('alone', String(session))).bytes).toContain('-32601');
    const deaf = await opened('ws', { roots: {} });
    await world.upstream.emit(question('deaf'), deaf.session);
    expect((await answerTo('deaf', deaf.session)).bytes).toContain("no capability 'sampling'");
  });

  it('refuses at once where several clients share the line', async () => {
    const client = world.client();
    await client.initialize({ sampling: {} });
    const abort = new AbortController();
    await client.listen(abort.signal);
    await client.call('common-echo', { message: 'x', nonce: 'shared' });
    const [{ session } = { session: '' }] = world.upstream.journal.calls('shared');
    await world.upstream.emit(question('shared'), String(session));
    expect((await answerTo('shared', String(session))).bytes).toContain('-32601');
    abort.abort();
  });
});
