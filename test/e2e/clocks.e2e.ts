import { RpcClient } from '../drive/rpc-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** PROTOCOL.md §4.6: the clocks of a Gateway of its own, and what may be sent again. */
describe('the clocks of a Gateway', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      env: { CIRCUIT_BREAKER_THRESHOLD: '1000' },
      gateway: { timeoutMs: 300, maxDurationMs: 1200, initTimeoutMs: 400 },
    });
  });
  afterAll(() => world.end());

  const took = async <T>(work: Promise<T>): Promise<[T, number]> => {
    const startedAt = performance.now();
    return [await work, performance.now() - startedAt];
  };

  it('end a silent call, and tell the upstream', async () => {
    const client = world.client();
    await client.initialize();
    const [{ answer }, ms] = await took(client.call('kit-hang', { nonce: 'silent' }));
    expect(answer?.error).toMatchObject({
      code: 50400,
      message: 'Tool call timed out after 300 ms',
    });
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(900);
    await eventually('the cancellation', () => world.upstream.journal.cancelOf('silent'));
  });

  it('let progress break the silence, never the total', async () => {
    const client = world.client();
    await client.initialize();
    const call = (nonce: string, n: number) =>
      client.request('tools/call', {
        name: 'kit-progress',
        arguments: { nonce, n, everyMs: 100 },
        _meta: { progressToken: nonce },
      });
    const [good] = await took(call('in-time', 6));
    expect(good.answer?.result.content[0].text).toBe('done');
    const [late, ms] = await took(call('endless', 100));
    expect(late.answer?.error?.message).toBe('Tool call timed out after 1200 ms');
    expect(ms).toBeGreaterThan(1190);
    expect(ms).toBeLessThan(2000);
    expect(late.before.length).toBeGreaterThan(5);
    await eventually('the cancellation', () => world.upstream.journal.cancelOf('endless'));
  });

  it('do not wait longer for a handshake', async () => {
    await world.upstream.set({ session: { delayInitializeMs: 5000 } });
    const gateway = {
      name: 'sleepy',
      url: world.upstream.urls.http,
      transport: 'STREAMABLEHTTP',
      initTimeoutMs: 300,
    };
    const [made, ms] = await took(world.rest('POST', '/gateways', gateway));
    await world.upstream.set({ session: { delayInitializeMs: 0 } });
    expect(made.status).toBe(504);
    expect(ms).toBeLessThan(2000);
  });

  it('say why an upstream refused the handshake', async () => {
    await world.upstream.set({
      session: { refuseInitialize: { code: -32099, message: 'closed' } },
    });
    const made = await world.rest('POST', '/gateways', {
      name: 'refusing',
      url: world.upstream.urls.http,
      transport: 'STREAMABLEHTTP',
    });
    await world.upstream.set({ session: { refuseInitialize: null } });
    expect(made.status).toBe(502);
    expect(made.json().message).toContain('initialize with JSON-RPC error -32099: closed');
  });
});

describe('sending again', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      env: {
        TOOL_TIMEOUT: '3',
        CIRCUIT_BREAKER_THRESHOLD: '2',
        CIRCUIT_BREAKER_RESET_TIMEOUT: '1',
        MAX_TOOL_RESULT_SIZE: '100000',
      },
    });
  });
  afterAll(() => world.end());

  const rpc = () => new RpcClient(world.url, world.token);
  const circuit = async () =>
    (await world.rest('GET', '/gateways/kit/health')).json().circuit as {
      state: string;
      retryAt: string | null;
    };

  it.each([429, 503])('follows a %i that says when, once', async (code) => {
    const nonce = `refused-${String(code)}`;
    const startedAt = performance.now();
    const { answer } = await rpc().call('kit-refuse', { code, nonce });
    expect(answer?.result.content[0].text).toBe('ok');
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(world.upstream.journal.times(nonce)).toBe(2);
  });

  it.each([
    ['says nothing', { code: 429, headers: {} }],
    ['wants more time than a call may be silent', { code: 429, headers: { 'retry-after': '60' } }],
  ])('does not follow a refusal that %s', async (what, args) => {
    const { answer } = await rpc().call('kit-refuse', { ...args, nonce: what });
    expect(answer?.error?.data.code).toBe('upstream_error');
    expect(world.upstream.journal.times(what)).toBe(1);
  });

  it('sees no fault of the way in large answers, slow tools and errors of the upstream', async () => {
    for (let i = 0; i < 3; i++) {
      await rpc().call('kit-huge', { bytes: 200_000 });
      await rpc().call('kit-rpcerror');
    }
    expect(await circuit()).toEqual({ state: 'closed', retryAt: null });
  });

  it('leaves an upstream alone that fails in a row, and shows it', async () => {
    for (let i = 0; i < 2; i++) await rpc().call('kit-html502', { nonce: 'failing' });
    const shown = await circuit();
    expect(shown.state).toBe('open');
    expect(Date.parse(shown.retryAt ?? '')).not.toBeNaN();
    const refused = await rpc().call('kit-ok', { nonce: 'kept-away' });
    expect(refused.answer?.error?.data.code).toBe('upstream_unavailable');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(world.upstream.journal.times('kept-away')).toBe(0);
    await eventually('calls succeed again', async () => {
      const { answer } = await rpc().call('kit-ok');
      return answer?.result !== undefined;
    });
    expect((await circuit()).state).toBe('closed');
    expect(world.upstream.journal.times('failing')).toBe(2);
  });
});
