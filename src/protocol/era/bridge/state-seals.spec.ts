import { aCaller } from '../../../../test/builders/caller.js';
import { aModernCall } from '../../../../test/builders/call.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { StateSeals } from './state-seals.js';

const call = (args: unknown, more: Parameters<typeof aModernCall>[3] = {}, method = 'tools/call') =>
  aModernCall(method, { name: 'ask', arguments: args }, {}, more);
const state = { kind: 'park', handle: 'h', round: 3 } as const;

describe('StateSeals', () => {
  const seals = new StateSeals(aWayUp().sealer);
  const from = call({ a: 1, b: [2.0, 'x'] });
  const sealed = seals.seal(from, 'ask', state);
  const refused = (as: Call, target: string, text: string) => {
    expect(() => seals.open(as, target, text)).toThrow(
      expect.objectContaining({ code: 'request_state_invalid' }) as Error,
    );
  };

  afterEach(() => jest.useRealTimers());

  it('opens for the same call, however its arguments are spelled', () => {
    expect(seals.open(call({ b: [2, 'x'], a: 1.0 }), 'ask', sealed)).toEqual(state);
  });

  it('keeps an upstream state to the byte', () => {
    const relay = { kind: 'relay', gatewayId: from.id as never, state: '"a\\u0041\\/é"' } as const;
    expect(seals.open(from, 'ask', seals.seal(from, 'ask', relay))).toEqual(relay);
  });

  it('answers every mismatch alike', () => {
    refused(call({ a: 2, b: [2, 'x'] }), 'ask', sealed);
    refused(
      call({ a: 1, b: [2, 'x'] }, { caller: aCaller({ principalHash: 'bob' }) }),
      'ask',
      sealed,
    );
    refused(call({ a: 1, b: [2, 'x'] }, { serverId: 'other' }), 'ask', sealed);
    refused(call({ a: 1, b: [2, 'x'] }, {}, 'prompts/get'), 'ask', sealed);
    refused(from, 'other', sealed);
    refused(from, 'ask', '');
    refused(from, 'ask', 'no seal at all');
  });

  it('refuses it with any character changed', () => {
    for (let i = 0; i < sealed.length; i++) {
      const other = sealed[i] === 'A' ? 'B' : 'A';
      refused(from, 'ask', sealed.slice(0, i) + other + sealed.slice(i + 1));
    }
  });

  it('refuses it after ten minutes', () => {
    jest.useFakeTimers({ now: Date.now() + 540_000 });
    expect(seals.open(from, 'ask', sealed)).toEqual(state);
    jest.setSystemTime(Date.now() + 61_000);
    refused(from, 'ask', sealed);
  });

  it('is an error of the caller in the band of the answer', () => {
    expect(new GatewayError('request_state_invalid').row).toMatchObject({
      rpc: -32602,
      fault: 'caller',
    });
  });
});
