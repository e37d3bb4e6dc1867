import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.js';

describe('SlidingWindow', () => {
  it('forgets what is as old as the window', () => {
    const window = new SlidingWindow(100);
    window.add(0);
    window.add(50);
    window.expire(99);
    expect(window.count).toBe(2);
    window.expire(100);
    expect(window.count).toBe(1);
    expect(window.msUntilEmpty(100)).toBe(50);
  });

  it('says when fewer than a limit are left, also when the limit has shrunk', () => {
    const window = new SlidingWindow(100);
    [0, 10, 20, 30].forEach((at) => {
      window.add(at);
    });
    expect(window.msUntilBelow(5, 40)).toBe(0);
    expect(window.msUntilBelow(4, 40)).toBe(60);
    expect(window.msUntilBelow(2, 40)).toBe(80);
  });

  it('forgets one moment of several, also across the end of its ring', () => {
    const window = new SlidingWindow(100);
    for (let at = 1; at <= 16; at++) window.add(at);
    window.expire(110);
    for (let at = 101; at <= 109; at++) window.add(at);
    window.remove(103);
    window.remove(103);
    const left = [11, 12, 13, 14, 15, 16, 101, 102, 104, 105, 106, 107, 108, 109];
    expect(window.count).toBe(left.length);
    left.forEach((at, i) => {
      expect(window.msUntilBelow(left.length - i, 110)).toBe(at - 10);
    });
  });

  it('counts like a list that is filtered, however it grows and wraps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 300 }), (steps) => {
        const window = new SlidingWindow(200);
        const all: number[] = [];
        let now = 0;
        for (const step of steps) {
          now += step;
          window.expire(now);
          window.add(now);
          all.push(now);
          expect(window.count).toBe(all.filter((at) => at > now - 200).length);
        }
      }),
    );
  });
});
