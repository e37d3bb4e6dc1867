import { aGateway } from '../../test/builders/catalog.js';
import { loadConfig } from '../config/load-config.js';
import { Abort } from '../kernel/abort.js';
import { GatewayError } from '../kernel/errors.js';
import type { ToolId } from '../kernel/ids.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../kernel/upstream.js';
import { Meters } from '../platform/metrics/meters.js';
import { DriverRegistry } from './driver.registry.js';
import { type Invocation, Invoker } from './invoker.js';
import { probeRequest } from './mcp/probe-request.js';
import { Places } from './places.js';
import { answeredBadly, brokeOff, refusedByStatus } from './mcp/upstream-fault.js';

interface Sent {
  readonly request: UpstreamRequest;
  resolve(result: string): void;
  reject(error: Error): void;
}

/** An Invoker over a driver whose answers the spec gives. */
function made(env: Record<string, string> = {}) {
  const config = loadConfig({
    JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
    AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
    CIRCUIT_BREAKER_THRESHOLD: '2',
    CIRCUIT_BREAKER_RESET_TIMEOUT: '10',
    MAX_TOOL_RETRIES: '0',
    ...env,
  });
  const sent: Sent[] = [];
  const drivers = new DriverRegistry();
  drivers.register({
    kind: 'mcp',
    request: (_gateway, request) =>
      new Promise((resolve, reject) => {
        sent.push({
          request,
          resolve: (result) => {
            resolve({ result, era: 'legacy' });
          },
          reject,
        });
      }),
  });
  const invoker = new Invoker(drivers, config, new Meters(config));
  const gateway = aGateway();
  const call = (more: Partial<Invocation> = {}, request: Partial<UpstreamRequest> = {}) => {
    const abort = new Abort();
    const invocation: Invocation = {
      gateway,
      driver: 'mcp',
      name: 'kit-echo',
      kind: 'Tool',
      toolId: 't1' as ToolId,
      isRetryable: false,
      places: null,
      request: { ...probeRequest('tools/call', '', 60_000), abort, ...request },
      ...more,
    };
    const start = async () => invoker.invoke(invocation);
    const outcome = start().then(
      (reply) => reply.result,
      (e: unknown) => e,
    );
    return { outcome, abort };
  };
  const last = () => sent.at(-1) as Sent;
  /** One call that ends so. */
  const ends = async (error: Error) => {
    const { outcome } = call();
    last().reject(error);
    await outcome;
  };
  return {
    invoker,
    gateway,
    sent,
    call,
    last,
    ends,
    state: () => invoker.circuit(gateway.id).state,
  };
}

const unreachable = () => new GatewayError('upstream_unreachable', { reason: 'refused' });
const timeout = () => new GatewayError('upstream_timeout', { what: 'Tool call', ms: 1 });
const [CLOSED, HALF_OPEN, OPEN] = [0, 1, 2];

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the circuit of a Gateway', () => {
  it.each([
    ['refused connections', unreachable()],
    ['connections that break', brokeOff('cut')],
    ['5xx', refusedByStatus(502)],
    ['handshakes that time out', timeout().with({ wayUp: { reach: 'failed' } })],
  ])('opens after %s', async (_, error) => {
    const { ends, call, state } = made();
    await ends(error);
    expect(state()).toBe(CLOSED);
    await ends(error);
    expect(state()).toBe(OPEN);
    expect(await call().outcome).toMatchObject({ code: 'upstream_unavailable' });
  });

  it.each([
    ['answers that are too large', answeredBadly('too large')],
    ['slow tools', timeout()],
    ['errors of the upstream itself', new UpstreamRpcError('{"code":1,"message":"no"}', 1)],
    ['cancelled calls', new GatewayError('cancelled')],
    ['refusals by 4xx', refusedByStatus(429)],
    ['a pause in which nobody tried', unreachable().with({ wayUp: { reach: 'untried' } })],
  ])('stays closed over %s', async (_, error) => {
    const { ends, state } = made();
    for (let i = 0; i < 10; i++) await ends(error);
    expect(state()).toBe(CLOSED);
  });

  it('forgets failures when the upstream answers in between, whatever the answer', async () => {
    const { ends, state } = made();
    for (let i = 0; i < 5; i++) {
      await ends(unreachable());
      await ends(answeredBadly('too large'));
    }
    expect(state()).toBe(CLOSED);
  });

  it.each([
    ['cancelled', new GatewayError('cancelled')],
    ['slow', timeout()],
    ['killed by a fault of ours', new Error('bug')],
  ])('tries the next call when its probe was %s', async (_, error) => {
    const { ends, call, last, state } = made();
    await ends(unreachable());
    await ends(unreachable());
    jest.advanceTimersByTime(10_000);
    await ends(error);
    const { outcome } = call();
    expect(state()).toBe(HALF_OPEN);
    last().resolve('{}');
    expect(await outcome).toBe('{}');
    expect(state()).toBe(CLOSED);
  });

  it('is not kept open by a call that is cancelled while it waits to be sent again', async () => {
    const { call, last, ends, state, sent } = made({
      MAX_TOOL_RETRIES: '3',
      CIRCUIT_BREAKER_RESET_TIMEOUT: '0.01',
      RETRY_BASE_DELAY: '1',
    });
    const first = call();
    last().reject(unreachable());
    await jest.advanceTimersByTimeAsync(1);
    const { outcome, abort } = call();
    last().reject(unreachable());
    await outcome;
    expect(state()).toBe(OPEN);
    await jest.advanceTimersByTimeAsync(20);
    abort.abort('too late to matter');
    first.abort.abort('enough');
    expect(await first.outcome).toMatchObject({ code: 'cancelled' });
    const before = sent.length;
    await ends(answeredBadly('still there'));
    expect(sent.length).toBe(before + 1);
    expect(state()).toBe(CLOSED);
  });

  it('sends nothing again into a circuit that others opened during the pause', async () => {
    const { call, last, ends, sent } = made({ MAX_TOOL_RETRIES: '3', RETRY_BASE_DELAY: '1' });
    const { outcome } = call();
    last().reject(unreachable());
    await jest.advanceTimersByTimeAsync(1);
    await ends(unreachable());
    expect(sent).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(2000);
    expect(await outcome).toMatchObject({ code: 'upstream_unreachable' });
    expect(sent).toHaveLength(2);
  });

  it('is closed at once by a good health probe', async () => {
    const { ends, invoker, gateway, state } = made();
    await ends(unreachable());
    await ends(unreachable());
    expect(invoker.circuit(gateway.id)).toEqual({ state: OPEN, staysAwayMs: 10_000 });
    invoker.closeCircuit(gateway.id);
    expect(state()).toBe(CLOSED);
  });
});

describe('the limits of what runs at the same time', () => {
  const over = (limit: Record<string, string>) => made({ ...limit, TOOL_TIMEOUT: '60' });
  const one = { TOOL_CONCURRENT_LIMIT: '1' };

  it.each([
    ['of a tool', one, {}],
    ['of the process', { MAX_IN_FLIGHT_CALLS: '1' }, {}],
    ['of a Gateway', {}, { gateway: aGateway({ maxConcurrency: 1 }) }],
  ])('lets the next call wait at the limit %s', async (_, env, more) => {
    const { call, sent, last } = over(env);
    const [first, second] = [call(more), call(more)];
    expect(sent).toHaveLength(1);
    last().resolve('"1"');
    expect(await first.outcome).toBe('"1"');
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(2);
    last().resolve('"2"');
    expect(await second.outcome).toBe('"2"');
  });

  it('refuses who has waited as long as a call may be silent, and says when to come back', async () => {
    const { call, sent } = over(one);
    call();
    const { outcome } = call({}, { silenceMs: 500 });
    await jest.advanceTimersByTimeAsync(500);
    expect(await outcome).toMatchObject({
      code: 'overloaded',
      message: 'Too many calls in flight of tool kit-echo',
      extras: { retryAfterSeconds: 1 },
    });
    expect(sent).toHaveLength(1);
  });

  it('refuses at once when too many wait already', async () => {
    const { call } = over(one);
    for (let i = 0; i < 5; i++) call();
    expect(await call().outcome).toMatchObject({ code: 'overloaded' });
  });

  it('frees the place of one who is cancelled while waiting, and never sends it', async () => {
    const { call, sent, last } = over(one);
    const running = call();
    const [gone, next] = [call(), call()];
    gone.abort.abort('enough');
    expect(await gone.outcome).toMatchObject({ code: 'cancelled' });
    last().resolve('{}');
    await running.outcome;
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(2);
    last().resolve('{}');
    expect(await next.outcome).toBe('{}');
  });

  it.each([
    ['of a tool', one, {}],
    ['of the process', { MAX_IN_FLIGHT_CALLS: '1' }, {}],
    ['of a Gateway', {}, { gateway: aGateway({ maxConcurrency: 1 }) }],
  ])('lets others past who steps aside at the limit %s, and him back in', async (_, env, more) => {
    const { call, sent } = over(env);
    const places = new Places();
    const parked = call({ ...more, places });
    const [second, third] = [call(more), call(more)];
    expect(sent).toHaveLength(1);
    places.stepAside();
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(2);
    places.comeBack();
    sent[1]?.resolve('"2"');
    expect(await second.outcome).toBe('"2"');
    await jest.advanceTimersByTimeAsync(0);
    // The one who came back has the place again.
    expect(sent).toHaveLength(2);
    sent[0]?.resolve('"1"');
    expect(await parked.outcome).toBe('"1"');
    await jest.advanceTimersByTimeAsync(0);
    sent[2]?.resolve('"3"');
    expect(await third.outcome).toBe('"3"');
  });

  it('gives the places of one who ends aside back once', async () => {
    const { call, sent, last } = over(one);
    const places = new Places();
    const parked = call({ places });
    places.stepAside();
    last().resolve('{}');
    await parked.outcome;
    places.comeBack();
    call();
    call();
    expect(sent).toHaveLength(2);
  });

  it('gives every place back, however calls end', async () => {
    const { call, last, sent } = over({ ...one, CIRCUIT_BREAKER_THRESHOLD: '1000' });
    for (const error of [unreachable(), new Error('bug'), new GatewayError('cancelled')]) {
      const { outcome } = call();
      last().reject(error);
      await outcome;
    }
    const unknown = await call({ driver: 'none' }).outcome;
    expect(unknown).toBeInstanceOf(Error);
    const before = sent.length;
    call();
    expect(sent.length).toBe(before + 1);
  });

  it('keeps tools apart, and lets through what is no tool', () => {
    const { call, sent } = over(one);
    for (const toolId of ['a', 'b', null, null] as (ToolId | null)[]) call({ toolId });
    expect(sent).toHaveLength(4);
  });

  it('does not send into a circuit that opened while the call waited', async () => {
    const { call, last, sent } = over({ ...one, CIRCUIT_BREAKER_THRESHOLD: '1' });
    const first = call();
    const second = call();
    last().reject(unreachable());
    await first.outcome;
    expect(await second.outcome).toMatchObject({ code: 'upstream_unavailable' });
    expect(sent).toHaveLength(1);
  });
});

describe('sending again', () => {
  const repeating = () =>
    made({ MAX_TOOL_RETRIES: '3', RETRY_BASE_DELAY: '1', CIRCUIT_BREAKER_THRESHOLD: '10' });

  it('waits as long as a refusal asks, then sends once more with what is left of the total', async () => {
    const { call, last, sent } = repeating();
    const { outcome } = call({}, { totalMs: 10_000 });
    last().reject(refusedByStatus(429, '', '3'));
    await jest.advanceTimersByTimeAsync(2999);
    expect(sent).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    expect(last().request.totalMs).toBeLessThanOrEqual(7000);
    last().reject(refusedByStatus(429, '', '3'));
    expect(await outcome).toMatchObject({ code: 'upstream_error' });
  });

  it('sends nothing again once bytes went, unless the owner allows it', async () => {
    const { call, last, sent } = repeating();
    const strict = call();
    last().reject(brokeOff('cut'));
    await strict.outcome;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    const allowed = call({ isRetryable: true });
    last().reject(brokeOff('cut'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(sent).toHaveLength(3);
    last().resolve('{}');
    expect(await allowed.outcome).toBe('{}');
  });
});
