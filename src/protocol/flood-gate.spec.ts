import { FloodGate } from './flood-gate.js';

describe('FloodGate', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function aGate() {
    const sent: string[] = [];
    const dropped = { count: 0 };
    const gate = new FloodGate(
      (text) => sent.push(text),
      () => (dropped.count += 1),
    );
    return { gate, sent, dropped };
  }

  it('passes fifty at once and the newest of the rest when there is room', () => {
    const { gate, sent, dropped } = aGate();
    for (let i = 0; i < 200; i++) gate.latest(String(i));
    expect(sent).toHaveLength(50);
    jest.advanceTimersByTime(1001);
    expect(sent.slice(49)).toEqual(['49', '199']);
    expect(dropped.count).toBe(0);
  });

  it('sends no more than fifty in any second of a flood', () => {
    const { gate, sent } = aGate();
    const times: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const before = sent.length;
      gate.latest(String(i));
      jest.advanceTimersByTime(1);
      for (let n = before; n < sent.length; n++) times.push(i);
    }
    const most = Math.max(...times.map((t) => times.filter((u) => u >= t && u < t + 999).length));
    expect(most).toBeLessThanOrEqual(50);
    expect(sent.map(Number)).toEqual(sent.map(Number).sort((a, b) => a - b));
    gate.end(false);
  });

  it('drops and counts what cannot be replaced', () => {
    const { gate, sent, dropped } = aGate();
    for (let i = 0; i < 60; i++) gate.each(String(i));
    expect(sent).toHaveLength(50);
    expect(dropped.count).toBe(10);
  });

  it('sends the last progress before the end, once, and nothing after it', () => {
    const { gate, sent } = aGate();
    for (let i = 0; i < 60; i++) gate.latest(String(i));
    gate.end(true);
    jest.advanceTimersByTime(5000);
    expect(sent.slice(50)).toEqual(['59']);
  });

  it('forgets what waits when nobody wants it', () => {
    const { gate, sent } = aGate();
    for (let i = 0; i < 60; i++) gate.latest(String(i));
    gate.end(false);
    jest.advanceTimersByTime(5000);
    expect(sent).toHaveLength(50);
    expect(jest.getTimerCount()).toBe(0);
  });
});
