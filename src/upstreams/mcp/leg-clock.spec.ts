import { LegClock } from './leg-clock.js';

describe('LegClock', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const started = (silenceMs: number, totalMs: number) => {
    const ends: number[] = [];
    const clock = new LegClock(silenceMs, totalMs, { ranOut: (ms) => ends.push(ms) });
    return { clock, ends };
  };

  it('ends after silence', () => {
    const { ends } = started(100, 1000);
    jest.advanceTimersByTime(99);
    expect(ends).toEqual([]);
    jest.advanceTimersByTime(10);
    expect(ends).toEqual([100]);
  });

  it('lets activity reset silence, never the total', () => {
    const { clock, ends } = started(100, 350);
    for (let i = 0; i < 6; i++) {
      jest.advanceTimersByTime(60);
      clock.touch();
    }
    expect(ends).toEqual([350]);
  });

  it('stands still while a question is open', () => {
    const { clock, ends } = started(100, 200);
    jest.advanceTimersByTime(50);
    clock.stand();
    jest.advanceTimersByTime(10_000);
    expect(ends).toEqual([]);
    clock.go();
    jest.advanceTimersByTime(90);
    expect(ends).toEqual([]);
    jest.advanceTimersByTime(30);
    expect(ends).toEqual([100]);
  });

  it('goes on when the last of several questions is answered', () => {
    const { clock, ends } = started(100, 1000);
    clock.stand();
    clock.stand();
    clock.go();
    jest.advanceTimersByTime(10_000);
    expect(ends).toEqual([]);
    clock.go();
    clock.go();
    jest.advanceTimersByTime(110);
    expect(ends).toEqual([100]);
  });

  it('counts no silence while nobody listens, but the total', () => {
    const { clock, ends } = started(100, 1000);
    jest.advanceTimersByTime(50);
    clock.deafen();
    jest.advanceTimersByTime(500);
    clock.touch();
    jest.advanceTimersByTime(300);
    expect(ends).toEqual([]);
    clock.listen();
    jest.advanceTimersByTime(90);
    expect(ends).toEqual([]);
    jest.advanceTimersByTime(20);
    expect(ends).toEqual([100]);
    const other = started(100, 300);
    other.clock.deafen();
    jest.advanceTimersByTime(310);
    expect(other.ends).toEqual([300]);
  });

  it('never ends once stopped', () => {
    const { clock, ends } = started(10, 10);
    clock.stop();
    jest.advanceTimersByTime(100);
    expect(ends).toEqual([]);
  });
});
