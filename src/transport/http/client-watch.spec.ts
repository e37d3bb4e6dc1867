import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Abort } from '../../kernel/abort.js';
import type { Call } from '../../kernel/call.js';
import { ClientWatch } from './client-watch.js';

const made = (transport: 'http' | 'rpc') => {
  const res = new EventEmitter() as unknown as ServerResponse; // only its end is watched
  const call = { channel: { transport }, abort: new Abort() } as unknown as Call;
  return { res, call, watch: new ClientWatch(res, call) };
};

describe('ClientWatch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends a call of /rpc at once, one of a session after a while', () => {
    const [rpc, http] = [made('rpc'), made('http')];
    for (const { res } of [rpc, http]) res.emit('close');
    expect([rpc.call.abort.aborted, http.call.abort.aborted]).toEqual([true, false]);
    jest.advanceTimersByTime(60_000);
    expect(http.call.abort.reason).toBe('the client is gone');
  });

  it('keeps no timer for a call that is over', () => {
    const before = made('http');
    before.watch.over();
    before.res.emit('close');
    const after = made('http');
    after.res.emit('close');
    expect(jest.getTimerCount()).toBe(1);
    after.watch.over();
    expect(jest.getTimerCount()).toBe(0);
  });
});
