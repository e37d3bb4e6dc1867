import { NoticeSpacing } from './notice-spacing.js';

describe('NoticeSpacing', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('sends the first at once and merges a storm', () => {
    const sent: number[] = [];
    const spacing = new NoticeSpacing(() => sent.push(performance.now()));
    const start = performance.now();
    for (let i = 0; i < 1000; i++) {
      spacing.due('a');
      jest.advanceTimersByTime(1);
    }
    expect(sent.length).toBe(2);
    jest.advanceTimersByTime(20_000);
    spacing.stop();
    expect(sent.map((t) => Math.round(t - start))).toEqual([0, 1000]);
  });

  it('goes five seconds apart from the third in fifteen on', () => {
    const sent: number[] = [];
    const spacing = new NoticeSpacing(() => sent.push(performance.now()));
    const start = performance.now();
    for (let i = 0; i < 12_000; i += 100) {
      spacing.due('a');
      jest.advanceTimersByTime(100);
    }
    spacing.stop();
    expect(sent.map((t) => Math.round((t - start) / 1000))).toEqual([0, 1, 6, 11]);
  });

  it('tells once of what is heard of twice', () => {
    const sent: string[] = [];
    const spacing = new NoticeSpacing((m) => sent.push(m));
    const before = performance.now();
    jest.advanceTimersByTime(10);
    spacing.due('a');
    jest.advanceTimersByTime(10);
    spacing.dueSince('a', before);
    spacing.dueSince('b', before);
    jest.advanceTimersByTime(20_000);
    expect(sent).toEqual(['a', 'b']);
    spacing.dueSince('a', performance.now() - 10);
    spacing.stop();
    expect(sent).toEqual(['a', 'b', 'a']);
  });

  it('keeps kinds apart and sends nothing once stopped', () => {
    const sent: string[] = [];
    const spacing = new NoticeSpacing((m) => sent.push(m));
    spacing.due('a');
    spacing.due('b');
    spacing.due('a');
    expect([...spacing.stop()]).toEqual(['a']);
    jest.advanceTimersByTime(10_000);
    expect(sent).toEqual(['a', 'b']);
  });
});
