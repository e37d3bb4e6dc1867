import { SendBudget } from './send-budget.js';

describe('SendBudget', () => {
  it('takes small messages up to its limit', () => {
    const budget = new SendBudget(1000);
    expect([budget.admits(0, 10), budget.admits(1000, 10), budget.admits(1001, 10)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('takes a message larger than the limit onto an empty queue, and others right behind it', () => {
    const budget = new SendBudget(1000);
    expect(budget.admits(0, 5000)).toBe(true);
    expect(budget.admits(5000, 5000)).toBe(true);
    expect(budget.admits(10_000, 10)).toBe(true);
    expect(budget.admits(11_001, 10)).toBe(false);
  });

  it('bounds what large messages add', () => {
    const budget = new SendBudget(1000);
    let queued = 0;
    while (budget.admits(queued, 1_000_000)) queued += 1_000_000;
    expect(queued).toBeLessThan(20_000_000);
  });

  it('holds back from half of its limit on, and tells once when all is read', () => {
    const budget = new SendBudget(1000);
    let told = 0;
    const caughtUp = (): void => {
      told++;
    };
    expect([budget.holdsBack(500, caughtUp), budget.holdsBack(501, caughtUp)]).toEqual([
      false,
      true,
    ]);
    budget.drained();
    budget.drained();
    expect(told).toBe(1);
  });

  it('forgets large messages once they have been read', () => {
    const budget = new SendBudget(1000);
    budget.admits(0, 5000);
    expect(budget.admits(0, 10)).toBe(true);
    expect(budget.admits(1001, 10)).toBe(false);
  });
});
