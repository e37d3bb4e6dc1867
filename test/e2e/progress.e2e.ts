import type { Exchange, RpcMessage } from '../drive/http-client.js';
import { RpcClient } from '../drive/rpc-client.js';
import { cancelTimes, cancelsByMessage } from '../drive/cancel-times.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

describe('what happens during a call', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_TIMEOUT: '5' } });
  });
  afterAll(() => world.end());

  it('relays progress in order under the token of the caller', async () => {
    const client = world.client();
    await client.initialize();
    const done = await client.request('tools/call', {
      name: 'kit-progress',
      arguments: { n: 4, everyMs: 30 },
      _meta: { progressToken: 'mine' },
    });
    expect(done.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(done.headers.get('x-accel-buffering')).toBe('no');
    const steps = done.before.filter((m) => m.method === 'notifications/progress');
    expect(steps.map((m) => m.params.progress)).toEqual([1, 2, 3, 4]);
    expect(steps.every((m) => m.params.progressToken === 'mine')).toBe(true);
    expect(steps[0]?.params).toMatchObject({ total: 4, message: 'step 1' });
    expect(done.answer?.result.content[0].text).toBe('done');
  });

  it('relays how far the client is with what it was asked, under the token of the upstream', async () => {
    const client = world.client();
    await client.initialize({ sampling: {} });
    let call: Promise<Exchange> | null = null;
    const asked = await new Promise<RpcMessage>((onMessage) => {
      call = client.call('kit-sample', { token: 'up', nonce: 'asks' }, { onMessage });
    });
    const progressToken = asked.params._meta.progressToken as unknown;
    expect(progressToken).toBe(asked.id);
    const method = 'notifications/progress';
    await client.notify(method, { progressToken, progress: 0.5, total: 1 });
    const told = await eventually('the progress above', () =>
      world.upstream.journal.events().find((e) => e.method === method),
    );
    expect(told.bytes).toContain('"params":{"progressToken":"up","progress":0.5,"total":1}');
    expect(told.session).toBe(world.upstream.journal.calls('asks')[0]?.session);
    const result = { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' };
    await client.send(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result }));
    expect((await (call as unknown as Promise<Exchange>)).answer?.result).toBeDefined();
  });

  it('answers in JSON when nothing precedes', async () => {
    const client = world.client();
    await client.initialize();
    const answer = await client.call('kit-ok');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('cancels at the right upstream with its own id, and no other call', async () => {
    const client = world.client();
    await client.initialize();
    const other = client.call('kit-slow', { ms: 1500, nonce: 'bystander' });
    const id = 4711;
    const params = { name: 'kit-cancellable', arguments: { nonce: 'c' } };
    const call = client.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    const { journal } = world.upstream;
    await eventually(
      'both calls arrive',
      () => journal.times('c') + journal.times('bystander') === 2,
    );
    await client.notify('notifications/cancelled', { requestId: id, reason: 'enough' });
    const cancel = await eventually('the cancellation', () => journal.cancelOf('c'));
    expect(cancel).toMatchObject({ reason: 'enough' });
    expect((await call).answer).toBeUndefined();
    expect((await other).answer?.result.content[0].text).toBe('slow');
    expect(journal.cancelOf('bystander')).toBeUndefined();
  });

  it('cancels by message within 100 ms', async () => {
    const client = world.client();
    await client.initialize();
    const ms = await cancelTimes(
      world.upstream.journal,
      cancelsByMessage(client, 'kit', world.upstream.journal),
    );
    expect(ms[2]).toBeLessThan(100);
  });

  it('cancels within 100 ms when nobody is left to hear, on /rpc', async () => {
    const rpc = new RpcClient(world.url, world.token);
    const { journal } = world.upstream;
    const ms = await cancelTimes(journal, async (nonce) => {
      const abort = new AbortController();
      const call = rpc.call('kit-cancellable', { nonce }, { signal: abort.signal });
      await eventually('the call arrives', () => journal.times(nonce) === 1);
      return async () => {
        abort.abort();
        await expect(call).rejects.toThrow();
      };
    });
    expect(ms[2]).toBeLessThan(100);
  });

  it('asks the client whose call is open, and answers at once where nobody can', async () => {
    const client = world.client();
    await client.initialize({ sampling: {}, elicitation: {}, roots: {} });
    const respond = (request: { method?: string }) => ({
      result:
        request.method === 'roots/list'
          ? { roots: [{ uri: 'file:///r' }] }
          : { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' },
    });
    // The first question may find a shared upstream session; from then on the session is the client's own.
    await client.call('kit-roots', {}, { respond });
    const roots = await client.call('kit-roots', {}, { respond });
    expect(roots.answer?.result.content[0].text).toContain('file:///r');
    const sampled = await client.call('kit-sample', {}, { respond });
    expect(sampled.answer?.result.content[0].text).toContain('assistant');
    const rpc = await new RpcClient(world.url, world.token).call('kit-elicit');
    expect(rpc.status).toBe(200);
    expect(rpc.answer?.result?.content[0].text ?? rpc.answer?.error?.message).toMatch(
      /-?\d|support/,
    );
  });

  it('tells listening sessions that the list changed', async () => {
    const client = world.client();
    await client.initialize();
    const abort = new AbortController();
    const { events } = await client.listen(abort.signal);
    await client.call('kit-listchanged', { n: 50 });
    for (;;) {
      const event = await events?.next();
      if (event === undefined) throw new Error('the stream ended');
      if (event.data === '') continue;
      expect(JSON.parse(event.data)).toMatchObject({
        method: 'notifications/tools/list_changed',
      });
      break;
    }
    abort.abort();
  });

  it('survives a flood of progress', async () => {
    const client = world.client();
    await client.initialize();
    const done = await client.request('tools/call', {
      name: 'kit-flood',
      arguments: { perS: 2000, s: 1 },
      _meta: { progressToken: 1 },
    });
    expect(done.answer?.result.content[0].text).toBe('flooded');
    expect(done.before.length).toBeGreaterThan(0);
    expect(done.before.length).toBeLessThan(2000);
  });
});
