import { Abort } from '../kernel/abort.js';
import { GatewayError, type WayUp } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { Retries, type RetryRules, pause } from './retries.js';

const made = () => new Retries({ maxToolRetries: 2, retryBaseDelayMs: 100, retryMaxDelayMs: 150 });
const rules = (more: Partial<RetryRules> = {}): RetryRules => ({
  attempts: 1,
  isRetryable: false,
  silenceMs: 5000,
  leftMs: 10_000,
  ...more,
});
const unreachable = new GatewayError('upstream_unreachable', { reason: 'refused' });
const failed = (wayUp: WayUp) => new GatewayError('upstream_error', { reason: 'x' }, { wayUp });

describe('Retries', () => {
  it('repeats what was never sent, with pauses that grow to their limit', () => {
    const first = made().pauseMs(unreachable, rules()) as number;
    expect(first).toBeGreaterThanOrEqual(50);
    expect(first).toBeLessThanOrEqual(100);
    const second = made().pauseMs(unreachable, rules({ attempts: 2 })) as number;
    expect(second).toBeGreaterThanOrEqual(75);
    expect(second).toBeLessThanOrEqual(150);
    expect(made().pauseMs(unreachable, rules({ attempts: 3 }))).toBeNull();
  });

  it('repeats what may have run only when its owner allows it', () => {
    const cut = failed({ reach: 'failed' });
    expect(made().pauseMs(cut, rules())).toBeNull();
    expect(made().pauseMs(cut, rules({ isRetryable: true }))).not.toBeNull();
  });

  it.each([
    ['an answer that is no use', failed({ reach: 'answered' })],
    ['a deadline', new GatewayError('upstream_timeout', { what: 'Tool call', ms: 1 })],
    ['an error of the upstream', new UpstreamRpcError('{"code":1,"message":"no"}', 1)],
    ['a blocked address', new GatewayError('egress_blocked', { address: '169.254.169.254' })],
    ['a fault of ours', new Error('bug')],
  ])('never repeats %s', (_, error) => {
    expect(made().pauseMs(error, rules({ isRetryable: true }))).toBeNull();
  });

  it('waits as long as a refusal asks, once, and within the silence of the call', () => {
    const refused = failed({ reach: 'answered', askAgainMs: 3000 });
    expect(made().pauseMs(refused, rules())).toBe(3000);
    expect(made().pauseMs(refused, rules({ attempts: 2 }))).toBeNull();
    expect(made().pauseMs(refused, rules({ silenceMs: 3000 }))).toBeNull();
    expect(made().pauseMs(refused, rules({ leftMs: 2000 }))).toBeNull();
  });

  it('does not come before a process may start again', () => {
    const resting = unreachable.with({ retryAfterSeconds: 2 });
    expect(made().pauseMs(resting, rules())).toBe(2000);
    expect(made().pauseMs(resting, rules({ silenceMs: 1000 }))).toBeNull();
  });

  it('spends no more than a fifth of all calls', () => {
    const retries = made();
    let repeated = 0;
    for (let i = 0; i < 1000; i++) {
      retries.earn();
      if (retries.pauseMs(unreachable, rules()) !== null) repeated++;
    }
    expect(repeated).toBeGreaterThan(200);
    expect(repeated).toBeLessThanOrEqual(221);
  });

  it('ends a pause at once when the call is cancelled', async () => {
    const abort = new Abort();
    const waiting = pause(60_000, abort);
    abort.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });
});
