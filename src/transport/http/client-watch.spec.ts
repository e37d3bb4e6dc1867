import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Abort } from '../../kernel/abort.js';
import type { Call } from '../../kernel/call.js';
import type { Era } from '../../kernel/mcp.js';
import { ClientWatch } from './client-watch.js';

const made = (transport: 'http' | 'rpc', era: Era = 'legacy') => {
  const res = new EventEmitter() as unknown as ServerResponse; // only its end is watched
  const call = { channel: { transport }, client: { era }, abort: new Abort() } as unknown as Call;
  return { res, call, watch: new ClientWatch(res, call) };
};

describe('ClientWatch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends a call of /rpc or a modern one at once, one of a session after a while', () => {
    const [rpc, modern, http] = [made('rpc'), made('http', 'modern'), made('http')];
    for (const { res } of [rpc, modern, http]) res.emit('close');
    expect([rpc, modern, http].map(({ call }) => call.abort.aborted)).toEqual([true, true, false]);
    jest.advanceTimersByTime(60_000);
    expect(http.call.abort.reason).toBe('the client is gone');
  });

  it('sees that the client had left before', () => {
    const res = Object.assign(new EventEmitter(), { destroyed: true }) as unknown as ServerResponse;
    const call = {
      ...{ channel: { transport: 'http' }, client: { era: 'modern' }, abort: new Abort() },
    } as unknown as Call;
    new ClientWatch(res, call);
    expect(call.abort.aborted).toBe(true);
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
