import { UpdateSpacing } from './update-spacing.js';

describe('UpdateSpacing', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('sends the first at once, at most ten a second, and always the last', () => {
    const sent: string[] = [];
    const spacing = new UpdateSpacing((params) => sent.push(params));
    for (let i = 0; i < 1000; i++) {
      spacing.due(String(i));
      jest.advanceTimersByTime(1);
    }
    jest.advanceTimersByTime(100);
    expect(sent[0]).toBe('0');
    expect(sent.at(-1)).toBe('999');
    expect(sent.length).toBeLessThanOrEqual(11);
    expect(sent.length).toBeGreaterThanOrEqual(10);
  });

  it('says nothing twice, and nothing after it was stopped', () => {
    const sent: string[] = [];
    const spacing = new UpdateSpacing((params) => sent.push(params));
    spacing.due('a');
    jest.advanceTimersByTime(1000);
    expect(sent).toEqual(['a']);
    spacing.due('b');
    spacing.due('c');
    spacing.stop();
    jest.advanceTimersByTime(1000);
    expect(sent).toEqual(['a', 'b']);
  });
});
