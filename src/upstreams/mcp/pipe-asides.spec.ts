import { setImmediate as turn } from 'node:timers/promises';
import { PipeAsides } from './pipe-asides.js';

function made() {
  const taken: (() => void)[] = [];
  const holds: boolean[] = [];
  const drops: string[] = [];
  const asides = new PipeAsides({
    send: () => new Promise((resolve) => taken.push(resolve)),
    dropped: (reason) => drops.push(reason),
    hold: (isHeld) => holds.push(isHeld),
  });
  const take = async (count: number): Promise<void> => {
    for (const done of taken.splice(0, count)) done();
    await turn();
  };
  return { asides, holds, drops, take };
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

  it('let it go when the pipe is closed, and are sent no more', () => {
    const { asides, holds, drops } = made();
    for (let i = 0; i < 300; i++) void asides.send('{}');
    asides.close();
    void asides.send('{}');
    expect(holds).toEqual([true, false]);
    expect(drops).toEqual(['upstream_held']);
  });
});
