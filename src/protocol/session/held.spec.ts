import { loadConfig } from '../../config/load-config.js';
import { HeldSessions } from './held.js';

const aTable = (max = '3') =>
  new HeldSessions(loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40), MCP_MAX_SESSIONS: max }));
const overloaded = expect.objectContaining({ code: 'overloaded' }) as Error;

describe('HeldSessions', () => {
  it('counts sessions that hold something, once each', () => {
    const held = aTable();
    held.touch('caller', 1);
    expect(held.size).toBe(0);
    held.hold('a');
    held.hold('a');
    held.setLevel('b', 'error');
    expect(held.size).toBe(2);
  });

  it('has no room beyond the limit until one is released', () => {
    const held = aTable('2');
    held.hold('a');
    expect(() => {
      held.requireRoom();
    }).not.toThrow();
    held.hold('b');
    expect(() => {
      held.requireRoom();
    }).toThrow(overloaded);
    expect(() => {
      held.hold('c');
    }).toThrow(overloaded);
    expect(() => {
      held.setLevel('c', 'debug');
    }).toThrow(overloaded);
    held.hold('a');
    held.release('a');
    held.hold('c');
    expect([held.has('a'), held.has('c')]).toEqual([false, true]);
  });

  it('names those that rest, and forgets their level with them', () => {
    const held = aTable();
    held.setLevel('a', 'error');
    held.hold('b');
    const now = performance.now();
    held.touch('b', now + 100);
    expect(held.idleSince(now + 50)).toEqual(['a']);
    held.release('a');
    expect(held.level('a')).toBeNull();
  });
});
