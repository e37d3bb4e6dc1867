import { setImmediate as turn } from 'node:timers/promises';
import { PipeAsides } from './pipe-asides.js';

function made() {
  const taken: (() => void)[] = [];
  const holds: boolean[] = [];
  const drops: string[] = [];
  const ends: string[] = [];
  const asides = new PipeAsides({
    send: () => new Promise((resolve) => taken.push(resolve)),
    dropped: (reason) => drops.push(reason),
    hold: (isHeld) => holds.push(isHeld),
    stallMs: 1000,
    stuck: (reason) => ends.push(reason),
  });
  const take = async (count: number): Promise<void> => {
    for (const done of taken.splice(0, count)) done();
    await turn();
  };
  return { asides, holds, drops, ends, take };
}

describe('answers to an upstream', () => {
  it('hold it while it does not read them', async () => {
    const { asides, holds, drops, take } = made();
    for (let i = 0; i < 256; i++) void asides.send('{}');
    expect(holds).toEqual([]);
    void asides.send('{}');
    void asides.send('{}');
    expect([holds, drops]).toEqual([[true], ['upstream_held']]);
    await take(100);
    expect(holds).toEqual([true]);
    await take(100);
    expect(holds).toEqual([true, false]);
  });

  it('count by their size too', async () => {
    const { asides, holds, take } = made();
    void asides.send('x'.repeat(1_048_577));
    expect(holds).toEqual([true]);
    await take(1);
    expect(holds).toEqual([true, false]);
  });

  describe('that it never takes', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
    afterEach(() => jest.useRealTimers());

    it('end it after a while', () => {
      const { asides, drops, ends } = made();
      for (let i = 0; i < 300; i++) void asides.send('{}');
      jest.advanceTimersByTime(999);
      expect(ends).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(ends).toEqual(['it asks and reads no answers']);
      expect(drops).toEqual(['upstream_held', 'upstream_stuck']);
    });

    it('do not end it while it takes one now and then, nor once it has taken them or is gone', async () => {
      const { asides, ends, take } = made();
      for (let i = 0; i < 300; i++) void asides.send('{}');
      for (let i = 0; i < 5; i++) {
        jest.advanceTimersByTime(900);
        await take(1);
      }
      await take(200);
      jest.advanceTimersByTime(5000);
      for (let i = 0; i < 300; i++) void asides.send('{}');
      asides.close();
      jest.advanceTimersByTime(5000);
      expect(ends).toEqual([]);
    });
  });

  it('let it go when the pipe is closed, and are sent no more', () => {
    const { asides, holds, drops } = made();
    for (let i = 0; i < 300; i++) void asides.send('{}');
    asides.close();
    void asides.send('{}');
    expect(holds).toEqual([true, false]);
    expect(drops).toEqual(['upstream_held']);
  });
});
