import { Abort } from './abort.js';
import { unlessAborted } from './unless-aborted.js';

describe('waiting for what others want, too', () => {
  it('ends with the Call, and hands over what comes late', async () => {
    const abort = new Abort();
    const late: string[] = [];
    let come: (value: string) => void = () => undefined;
    const waited = new Promise<string>((resolve) => (come = resolve));
    const waiting = unlessAborted(waited, abort, (value) => late.push(value));
    abort.abort('the client cancelled');
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    come('late');
    await new Promise(setImmediate);
    expect(late).toEqual(['late']);
  });

  it('gives what comes in time, whatever happens later', async () => {
    const abort = new Abort();
    const late = jest.fn();
    await expect(unlessAborted(Promise.resolve(1), abort, late)).resolves.toBe(1);
    await expect(unlessAborted(Promise.reject(new Error('no')), abort)).rejects.toThrow('no');
    abort.abort('over');
    expect(late).not.toHaveBeenCalled();
  });
});
