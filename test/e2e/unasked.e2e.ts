import { token } from '../drive/gateway-process.cjs';
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
  call(tool: string, args: Record<string, unknown>): Promise<unknown>;
  hears(passes: (message: RpcMessage) => boolean): Promise<RpcMessage>;
  heard(): readonly RpcMessage[];
  answer(id: RpcMessage['id'], inside: object): Promise<unknown>;
  notify(method: string, params: object): Promise<unknown>;
  setLevel(level: string): Promise<unknown>;
  close(): void;
}

async function overHttp(world: World, capabilities: unknown, who = world.token): Promise<Owner> {
  const client = world.client('/mcp', who);
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
    call: (tool, args) => client.call(tool, args),
    hears: (passes) => eventually('a message', () => heard.find(passes)),
    heard: () => heard,
    answer: (id, inside) => client.send(JSON.stringify({ jsonrpc: '2.0', id, ...inside })),
    notify: (method, params) => client.notify(method, params),
    setLevel: (level) => client.request('logging/setLevel', { level }),
    close: () => {
      abort.abort();
    },
  };
}

async function overPipe(client: PipeClient, capabilities: unknown): Promise<Owner> {
  await client.initialize(capabilities);
  return {
    call: (tool, args) => client.call(tool, args),
    hears: (passes) => client.hears(passes),
    heard: () => client.heard,
    answer: (id, inside) => client.send(JSON.stringify({ jsonrpc: '2.0', id, ...inside })),
    notify: (method, params) => client.notify(method, params),
    setLevel: (level) => client.request('logging/setLevel', { level }),
    close: () => {
      void client.close();
    },
  };
}

const CLIENTS: Record<string, (world: World, capabilities: unknown) => Promise<Owner>> = {
  http: (world, all) => overHttp(world, all),
  sse: (world, all) => overPipe(new SseClient(`${world.url}/sse`, world.token), all),
  ws: (world, all) => overPipe(new WsClient(`${world.url}/ws`, world.token), all),
};

/** PROTOCOL.md §3.2, §4.5: what an upstream says that names no call. */
describe.each(['STREAMABLEHTTP', 'SSE', 'WEBSOCKET'] as const)('unasked over %s', (transport) => {
  let world: World;
  let count = 0;
  const owners: Owner[] = [];
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'late'] } });
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

  const upstreamSession = async (owner: Owner, gateway = 'kit'): Promise<string> => {
    const nonce = `n${String(++count)}`;
    await owner.call(`${gateway}-echo`, { message: 'x', nonce });
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

  it.each(Object.keys(CLIENTS))('relays how far the owner on %s is', async (kind) => {
    const { owner, session } = await opened(kind);
    const id = `p-${kind}`;
    const { params, ...rest } = question(id);
    await world.upstream.emit(
      { ...rest, params: { ...params, _meta: { progressToken: 7 } } },
      session,
    );
    const asked = await owner.hears((m) => m.method === SAMPLING);
    const progressToken = asked.params._meta.progressToken as unknown;
    expect(progressToken).not.toBe(7);
    const method = 'notifications/progress';
    await owner.notify(method, { progressToken, progress: 1, message: kind });
    const told = await eventually('the progress', () =>
      world.upstream.journal.events().find((e) => e.method === method && e.session === session),
    );
    expect(JSON.parse(told.bytes ?? '')).toEqual({
      ...{ jsonrpc: '2.0', method, params: { progressToken: 7, progress: 1, message: kind } },
    });
    await owner.answer(asked.id, { result: {} });
    await answerTo(id, session);
  });

  it.each(Object.keys(CLIENTS))(
    'tells the upstream of new roots of the owner on %s',
    async (kind) => {
      const method = 'notifications/roots/list_changed';
      const { owner, session } = await opened(kind, { roots: { listChanged: true } });
      const other = await opened(kind, { roots: { listChanged: true } });
      const shared = await upstreamSession(owner, 'common');
      await owner.notify(method, {});
      const told = (one: string) =>
        world.upstream.journal.events().filter((e) => e.method === method && e.session === one);
      await eventually('the notice', () => told(session).length > 0);
      expect([session, other.session, shared].map((one) => told(one).length)).toEqual([1, 0, 0]);
    },
  );

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

  describe('where several clients share the line', () => {
    const joined = async (owner: Owner) => {
      owners.push(owner);
      return { owner, session: await upstreamSession(owner, 'common') };
    };
    const opener = (kind: string) => CLIENTS[kind] as (typeof CLIENTS)['http'];
    const log = (n: number) => ({
      ...{ jsonrpc: '2.0', method: LOG, params: { level: 'info', data: n } },
    });
    const logsOf = (owner: Owner) =>
      owner
        .heard()
        .filter((m) => m.method === LOG)
        .map((m) => m.params.data as number);
    /** Calls that are open above for a while; settled when all are answered. */
    const during = async (...callers: Owner[]): Promise<{ over: Promise<unknown> }> => {
      const nonces = callers.map(() => `late${String(++count)}`);
      const over = callers.map((owner, i) =>
        owner.call('common-late', { ms: 1000, nonce: nonces[i] }),
      );
      await eventually('the calls above', () =>
        nonces.every((nonce) => world.upstream.journal.times(nonce) === 1),
      );
      return { over: Promise.all(over) };
    };

    it.each(Object.keys(CLIENTS))('asks the only one whose calls are open, on %s', async (kind) => {
      const { owner, session } = await joined(await opener(kind)(world, { sampling: {} }));
      const other = await joined(await overHttp(world, { sampling: {} }));
      expect(other.session).toBe(session);
      const { over } = await during(owner, owner);
      const id = `shared-${kind}`;
      await world.upstream.emit(question(id), session);
      const asked = await owner.hears((m) => m.method === SAMPLING);
      await owner.answer(asked.id, { result: { said: kind } });
      expect((await answerTo(id, session)).bytes).toContain(`"result":{"said":"${kind}"}`);
      expect(other.owner.heard().filter((m) => m.method === SAMPLING)).toEqual([]);
      await over;
    });

    it('takes the question back when those calls are over', async () => {
      const { owner, session } = await joined(await overHttp(world, { sampling: {} }));
      const { over } = await during(owner, owner);
      await world.upstream.emit(question('unanswered'), session);
      const asked = await owner.hears((m) => m.method === SAMPLING);
      await over;
      const taken = await owner.hears((m) => m.method === 'notifications/cancelled');
      expect(taken.params.requestId).toBe(asked.id);
    });

    it('refuses at once while no call is open, or those of several are', async () => {
      const { owner, session } = await joined(await overHttp(world, { sampling: {} }));
      const other = await joined(await overHttp(world, { sampling: {} }));
      await world.upstream.emit(question('none'), session);
      expect((await answerTo('none', session)).bytes).toContain('-32601');
      const { over } = await during(owner, other.owner);
      await world.upstream.emit(question('both'), session);
      expect((await answerTo('both', session)).bytes).toContain('-32601');
      await over;
    });

    it('tells all of them what is of no call, and one person what may be of its calls', async () => {
      const alice = await joined(await overHttp(world, {}));
      const bob = await joined(await overHttp(world, {}, token('bob')));
      expect(bob.session).toBe(alice.session);
      const deaf = await joined(await overHttp(world, {}));
      await deaf.owner.setLevel('error');
      await eventually('the stream above', () => {
        if (transport !== 'STREAMABLEHTTP') return true;
        const events = world.upstream.journal.events();
        return events.some((e) => e.event === 'listen' && e.session === alice.session);
      });
      await world.upstream.emit(log(1), alice.session);
      for (const { owner } of [alice, bob]) await owner.hears((m) => m.params?.data === 1);
      const both = await during(alice.owner, bob.owner);
      await world.upstream.emit(log(2), alice.session);
      await both.over;
      const one = await during(alice.owner, alice.owner);
      await world.upstream.emit(log(3), alice.session);
      await alice.owner.hears((m) => m.params?.data === 3);
      await one.over;
      await world.upstream.emit(log(4), alice.session);
      for (const { owner } of [alice, bob]) await owner.hears((m) => m.params?.data === 4);
      expect([alice, bob, deaf].map(({ owner }) => logsOf(owner))).toEqual([[1, 3, 4], [1, 4], []]);
    });
  });
});
