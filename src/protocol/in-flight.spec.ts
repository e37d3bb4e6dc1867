import type { Config } from '../config/config.js';
import { Abort } from '../kernel/abort.js';
import type { Call } from '../kernel/call.js';
import { InFlight, SHUTTING_DOWN, scopeOf } from './in-flight.js';

const call = (id: string, sessionId: string | null = 's1', limiterKey = 'user:a'): Call =>
  ({
    message: { id, method: 'tools/call' },
    client: { sessionId },
    caller: { limiterKey },
    serverId: null,
    abort: new Abort(),
  }) as unknown as Call; // only what the table reads

const made = (maxInFlightPerSession = 2) =>
  new InFlight({ maxInFlightPerSession, toolTimeoutMs: 50 } as Config);

describe('InFlight', () => {
  it('cancels by the client id as written, within its own session only', () => {
    const table = made(10);
    const [one, text, other] = [call('1'), call('"1"'), call('1', 's2')];
    for (const c of [one, text, other]) void table.enter(c);
    expect(table.cancel('s1', '"1"', 'why')).toBe(true);
    expect(text.abort.reason).toBe('why');
    expect(one.abort.aborted || other.abort.aborted).toBe(false);
    expect(table.cancel('s3', '1', 'why')).toBe(false);
  });

  it('keeps the calls of connections apart that have no session', () => {
    const table = made(10);
    const onPipe = (scope: string): Call => Object.assign(call('1', null), { channel: { scope } });
    const [mine, other] = [onPipe('p1'), onPipe('p2')];
    for (const c of [mine, other]) void table.enter(c);
    expect(table.cancel('p1', '1', 'why')).toBe(true);
    expect([mine.abort.aborted, other.abort.aborted]).toEqual([true, false]);
    table.cancelAll('p2', 'gone');
    expect(other.abort.reason).toBe('gone');
  });

  it('cancels none of several with one id', () => {
    const table = made(10);
    const calls = [call('1'), call('1')];
    for (const c of calls) void table.enter(c);
    expect(table.cancel('s1', '1', 'why')).toBe(false);
    table.leave(calls[0] as Call);
    expect(table.cancel('s1', '1', 'why')).toBe(true);
    expect(calls[1]?.abort.aborted).toBe(true);
  });

  it('lets calls over the limit of a session wait, and turns away who waits too long', async () => {
    const table = made(1);
    const [first, second, third] = [call('1'), call('2'), call('3')];
    expect(table.enter(first)).toBeUndefined();
    const entered = table.enter(second);
    table.leave(first);
    await entered;
    await expect(table.enter(third)).rejects.toMatchObject({ code: 'overloaded' });
    table.leave(second);
    expect(table.size).toBe(0);
  });

  it('lets go of a call that is cancelled while it waits', async () => {
    const table = made(1);
    const [first, second, third] = [call('1'), call('2'), call('3')];
    void table.enter(first);
    const waiting = table.enter(second);
    expect(table.cancel('s1', '2', 'enough')).toBe(true);
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    table.leave(first);
    expect(table.enter(third)).toBeUndefined();
    table.leave(third);
    expect(table.size).toBe(0);
  });

  it('does not hold one session up for another', () => {
    const table = made(1);
    expect(table.enter(call('1', 's1'))).toBeUndefined();
    expect(table.enter(call('1', 's2'))).toBeUndefined();
  });

  it('aborts everything at the end of a drain', () => {
    const table = made(10);
    const calls = [call('1'), call('1', 's2'), call('1', null)];
    for (const c of calls) void table.enter(c);
    table.shutDown();
    expect(calls.map((c) => c.abort.reason)).toEqual(Array(3).fill(SHUTTING_DOWN));
  });

  it('keeps callers without a session apart', () => {
    expect(scopeOf(call('1', null, 'user:a'))).not.toBe(scopeOf(call('1', null, 'user:b')));
  });
});
