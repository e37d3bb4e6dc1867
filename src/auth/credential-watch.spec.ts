import { aCaller } from '../../test/builders/caller.js';
import type { Caller } from '../kernel/caller.js';
import type { AuthService } from './auth.service.js';
import { CredentialWatch } from './credential-watch.service.js';

describe('CredentialWatch', () => {
  const gone = new Set<Caller>();
  let watch: CredentialWatch;
  beforeEach(() => {
    jest.useFakeTimers();
    gone.clear();
    watch = new CredentialWatch({
      stillHolds: (caller: Caller) => !gone.has(caller),
    } as AuthService);
  });
  afterEach(() => {
    watch.onModuleDestroy();
    jest.useRealTimers();
  });

  it('tells once, within five seconds, of a credential that holds no more', () => {
    const [alice, bob] = [aCaller(), aCaller()];
    const told: string[] = [];
    watch.watch(alice, () => told.push('alice'));
    watch.watch(bob, () => told.push('bob'));
    jest.advanceTimersByTime(5000);
    expect(told).toEqual([]);
    gone.add(alice);
    jest.advanceTimersByTime(5000);
    expect(told).toEqual(['alice']);
    expect(watch.size).toBe(1);
  });

  it('tells nobody who has ended the watch', () => {
    const alice = aCaller();
    const told: string[] = [];
    watch.watch(alice, () => told.push('alice'))();
    gone.add(alice);
    jest.advanceTimersByTime(5000);
    expect([told, watch.size]).toEqual([[], 0]);
  });
});
