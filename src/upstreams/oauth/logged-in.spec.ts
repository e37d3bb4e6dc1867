import { Abort } from '../../kernel/abort.js';
import { GatewayError } from '../../kernel/errors.js';
import { refusedByStatus } from '../mcp/upstream-fault.js';
import { LiveCredential, type Renewal } from './live-credential.js';
import { loggedIn } from './logged-in.js';

/** A request that is refused with `statuses`, one after the other, then served. */
function sending(...statuses: number[]): jest.Mock<Promise<string>, []> {
  const left = [...statuses];
  return jest.fn<Promise<string>, []>(() => {
    const status = left.shift();
    return status === undefined
      ? Promise.resolve('served')
      : Promise.reject(refusedByStatus(status));
  });
}

const answering = (renewal: Renewal): LiveCredential =>
  new LiveCredential(() => Promise.resolve(renewal));

describe('a request with a login', () => {
  it('is sent once more with what could be renewed, and no more than once', async () => {
    await expect(loggedIn(answering('again'), new Abort(), sending(401))).resolves.toBe('served');
    const send = sending(401, 401, 401);
    await expect(loggedIn(answering('again'), new Abort(), send)).rejects.toThrow('401');
    expect(send).toHaveBeenCalledTimes(2);
  });

  it('says that somebody has to log in, and keeps the status for the health check', async () => {
    await expect(loggedIn(answering('login'), new Abort(), sending(401))).rejects.toMatchObject({
      message: expect.stringContaining('asks for a login') as string,
      extras: { data: { status: 401 } },
    });
  });

  it('is refused as it was when nothing helps, and for any other reason', async () => {
    await expect(loggedIn(answering('refused'), new Abort(), sending(403))).rejects.toThrow('403');
    const send = sending(500);
    await expect(loggedIn(answering('again'), new Abort(), send)).rejects.toThrow('500');
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('hands over what was refused, so that one renewal serves all who wait', async () => {
    const renew = jest.fn().mockResolvedValue('refused');
    const credential = new LiveCredential(renew);
    credential.set('old');
    const used = credential.headers;
    await loggedIn(credential, new Abort(), sending(401)).catch(() => undefined);
    expect(renew.mock.calls[0]?.[1]).toBe(used);
    expect(used).toEqual({ authorization: 'Bearer old' });
  });

  it('that is cancelled during the renewal ends at once, and the renewal goes on', async () => {
    let renewed: (renewal: Renewal) => void = () => undefined;
    const renewal = new Promise<Renewal>((resolve) => (renewed = resolve));
    const renew = jest.fn(() => renewal);
    const credential = new LiveCredential(renew);
    const abort = new Abort();
    const send = sending(401);
    const cancelled = loggedIn(credential, abort, send);
    const other = loggedIn(credential, new Abort(), sending(401));
    await new Promise(setImmediate);
    expect(renew).toHaveBeenCalledTimes(2);
    abort.abort('the client cancelled');
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    renewed('again');
    await expect(other).resolves.toBe('served');
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('is not sent at all without the login of the person whose it is', async () => {
    const needed = new GatewayError('login_needed', { gateway: 'kit', url: 'https://here' });
    const renew = jest.fn().mockResolvedValue('login');
    const credential = new LiveCredential(renew, () => needed);
    const send = sending();
    await expect(loggedIn(credential, new Abort(), send)).rejects.toBe(needed);
    expect(send).not.toHaveBeenCalled();
    credential.set('one');
    await expect(loggedIn(credential, new Abort(), send)).resolves.toBe('served');
  });
});
