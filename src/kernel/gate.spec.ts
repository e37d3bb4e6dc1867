import { Abort } from './abort.js';
import { Gate } from './gate.js';

describe('Gate', () => {
  it('lets the waiting in, in order, as others leave', async () => {
    const gate = new Gate(1, 2);
    const order: string[] = [];
    expect(gate.enter(1000)).toBe(true);
    const a = Promise.resolve(gate.enter(1000)).then((ok) => order.push(`a ${String(ok)}`));
    const b = Promise.resolve(gate.enter(1000)).then((ok) => order.push(`b ${String(ok)}`));
    expect(gate.enter(1000)).toBe(false);
    gate.leave();
    await a;
    gate.leave();
    await b;
    gate.leave();
    expect(order).toEqual(['a true', 'b true']);
    expect(gate.isIdle).toBe(true);
  });

  it('lets nobody follow while more are inside than it lets in', async () => {
    const gate = new Gate(1, 1);
    gate.pass();
    gate.pass();
    const next = gate.enter(60_000);
    let isIn = false;
    void Promise.resolve(next).then(() => (isIn = true));
    gate.leave();
    await Promise.resolve();
    expect(isIn).toBe(false);
    gate.leave();
    expect(await next).toBe(true);
  });

  it('turns away who has waited too long', async () => {
    const gate = new Gate(1, 2);
    expect(gate.enter(0)).toBe(true);
    expect(await gate.enter(1)).toBe(false);
    gate.leave();
    expect(gate.enter(0)).toBe(true);
  });

  it('gives the place of one who gives up to the next, at once', async () => {
    const gate = new Gate(1, 1);
    const [abort, late] = [new Abort(), new Abort()];
    void gate.enter(0);
    const gone = gate.enter(60_000, abort);
    abort.abort('enough');
    expect(await gone).toBe(false);
    const next = gate.enter(60_000, late);
    gate.leave();
    expect(await next).toBe(true);
    late.abort('inside already');
    expect(gate.hasRoom).toBe(false);
    gate.leave();
    expect(gate.isIdle).toBe(true);
    void gate.enter(0);
    expect(gate.enter(60_000, late)).toBe(false);
  });

  it('never refuses without a limit', () => {
    const gate = new Gate(0, 0);
    for (let i = 0; i < 100; i++) expect(gate.enter(0)).toBe(true);
  });
});
