import { FailureWindow } from './failures.js';

describe('FailureWindow', () => {
  afterEach(() => jest.restoreAllMocks());

  it('lets ten through, then none until the window is over', () => {
    const start = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(start);
    const failures = new FailureWindow();
    for (let i = 0; i < 10; i++) expect(failures.begin('alice')).toBe(0);
    expect(failures.begin('alice')).toBe(15 * 60_000);
    expect(failures.begin('bob')).toBe(0);
    clock.mockReturnValue(start + 15 * 60_000);
    expect(failures.begin('alice')).toBe(0);
  });

  it('forgets after a success', () => {
    const failures = new FailureWindow(1);
    failures.begin('alice');
    failures.succeeded('alice');
    expect(failures.begin('alice')).toBe(0);
  });
});
