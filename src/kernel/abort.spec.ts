import { Abort } from './abort.js';

describe('Abort', () => {
  it('tells each listener once, and who comes late at once', () => {
    const abort = new Abort();
    const heard: string[] = [];
    abort.onAbort((reason) => heard.push(`a ${reason}`));
    abort.abort('first');
    abort.abort('second');
    abort.onAbort((reason) => heard.push(`b ${reason}`));
    expect([heard, abort.aborted, abort.reason]).toEqual([['a first', 'b first'], true, 'first']);
  });

  it('tells nothing to who has been taken away', () => {
    const abort = new Abort();
    const heard: string[] = [];
    const listener = (reason: string): void => {
      heard.push(reason);
    };
    abort.offAbort(listener);
    abort.onAbort(listener);
    abort.onAbort((reason) => heard.push(`other ${reason}`));
    abort.offAbort(listener);
    abort.abort('now');
    abort.offAbort(listener);
    expect(heard).toEqual(['other now']);
  });
});
