import { loadConfig } from '../config/load-config.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import { createLogger } from '../platform/log/log.js';
import { hashPassword } from '../platform/crypto/password.js';
import { Meters } from '../platform/metrics/meters.js';
import { AuthService } from './auth.service.js';
import { BasicVerifier } from './methods/basic.js';
import { issueToken } from './token-issuer.js';

const opened: Meters[] = [];

function serviceWith(env: Record<string, string> = {}) {
  const config = loadConfig(
    { JWT_SECRET_KEY: 'a-key-for-tests-that-has-more-than-32-bytes', ...env },
    { cwd: __dirname },
  );
  const meters = new Meters(config);
  opened.push(meters);
  const service = new AuthService(config, meters, createLogger(config));
  const ask = (authorization?: string, ip = '127.0.0.1', allowBasic = false) =>
    service.authenticate({ authorization, ip, allowBasic });
  const token = (lifetimeSeconds = 600, scopes?: Record<string, unknown>) => {
    const request = { principal: 'alice', lifetimeSeconds, ...(scopes && { scopes }) };
    return issueToken(config, request).token;
  };
  return { service, meters, ask, token };
}

function refusal(work: () => unknown): GatewayError {
  try {
    work();
  } catch (e) {
    if (e instanceof GatewayError) return e;
    throw e;
  }
  throw new Error('not refused');
}

afterEach(() => {
  jest.restoreAllMocks();
  opened.splice(0).forEach((meters) => {
    meters.onModuleDestroy();
  });
});

describe('AuthService with tokens', () => {
  it('gives the requests of one token one frozen Caller', () => {
    const { ask, token } = serviceWith();
    const header = `Bearer ${token()}`;
    const first = ask(header);
    expect(first).toMatchObject({ principal: 'alice' });
    expect(ask(header)).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    expect(ask(header.replace('Bearer', 'bearer'))).toMatchObject({ principal: 'alice' });
  });

  it('refuses a token that it knew, once it is over', () => {
    const { ask, token } = serviceWith();
    const header = `Bearer ${token(60)}`;
    const start = Date.now();
    const first = ask(header);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(start + 75_000);
    expect(ask(header)).not.toBe(first);
    clock.mockReturnValue(start + 95_000);
    expect(refusal(() => ask(header)).code).toBe('token_expired');
  });

  it('refuses a revoked token from the next request on', () => {
    const { service, ask, token } = serviceWith();
    const header = `Bearer ${token()}`;
    service.revoke((ask(header) as Caller).tokenId ?? '');
    expect(refusal(() => ask(header)).code).toBe('token_revoked');
    expect(refusal(() => ask(header)).code).toBe('token_revoked');
  });

  it('checks the address on each request, also of a token it knows', () => {
    const { ask, token } = serviceWith();
    const header = `Bearer ${token(600, { ip_restrictions: ['10.0.0.0/8'] })}`;
    expect(ask(header, '10.1.2.3')).toMatchObject({ principal: 'alice' });
    expect(refusal(() => ask(header, '192.0.2.1')).row.status).toBe(403);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer junk', 'Digest x', 'Basic YTpi'])(
    'answers %j with 401 and WWW-Authenticate, and counts it',
    async (header) => {
      const { ask, meters } = serviceWith();
      const error = refusal(() => ask(header));
      expect(error.row.status).toBe(401);
      expect(error.extras.headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
      const counted = /^mcpgateway_auth_failures_total\{reason="\w+"\} 1$/m;
      expect(await meters.registry.metrics()).toMatch(counted);
    },
  );
});

describe('AuthService without AUTH_REQUIRED', () => {
  const env = { AUTH_REQUIRED: 'false' };

  it('makes everyone an anonymous admin, limited by address', () => {
    const { ask } = serviceWith(env);
    const caller = ask(undefined, '10.0.0.1') as Caller;
    expect(caller).toMatchObject({ principal: 'anonymous', type: 'anonymous', role: 'admin' });
    expect(ask(undefined, '10.0.0.1')).toBe(caller);
    expect((ask(undefined, '10.0.0.2') as Caller).limiterKey).not.toBe(caller.limiterKey);
    const six = (ip: string) => (ask(undefined, ip) as Caller).limiterKey;
    expect(six('2001:db8::1')).toBe(six('2001:db8::ffff'));
  });

  it('still takes tokens at their word, and refuses wrong ones', () => {
    const { ask, token } = serviceWith(env);
    expect(ask(`Bearer ${token()}`)).toMatchObject({ principal: 'alice' });
    expect(refusal(() => ask('Bearer junk')).code).toBe('token_invalid');
  });
});

describe('AuthService with Basic', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const env = { BASIC_AUTH_USER: 'root', BASIC_AUTH_PASSWORD: 'correct:horse' };
  const codeOf = async (answer: Caller | Promise<Caller>) => {
    try {
      return (await answer).principal;
    } catch (e) {
      return e instanceof GatewayError ? e.code : e;
    }
  };

  it('takes user and password, colons in it too', async () => {
    const { ask } = serviceWith(env);
    const caller = await ask(basic('root:correct:horse'), '127.0.0.1', true);
    expect(caller).toMatchObject({ principal: 'root', role: 'admin' });
    expect(await ask(basic('root:correct:horse'), '127.0.0.1', true)).toBe(caller);
  });

  it.each([
    ['a wrong password', 'root:wrong'],
    ['an unknown user', 'mallory:correct:horse'],
    ['no user', ':correct:horse'],
    ['no colon', 'root'],
    ['more than 1 KiB', `root:${'x'.repeat(2_000)}`],
  ])('refuses %s and names the scheme', async (_, text) => {
    const { ask } = serviceWith(env);
    await expect(ask(basic(text), '127.0.0.1', true)).rejects.toMatchObject({
      code: 'not_authenticated',
      extras: { headers: { 'WWW-Authenticate': 'Basic realm="MCP Gateway"' } },
    });
  });

  it('checks the generated password by its hash, and takes as long for unknown users', async () => {
    const config = Object.assign({}, loadConfig({}, { cwd: __dirname }), {
      basicAuthPasswordHash: hashPassword('generated'),
    });
    const verifier = new BasicVerifier(config);
    const time = async (text: string) => {
      const start = performance.now();
      const caller = await verifier.verify(Buffer.from(text).toString('base64'), '10.0.0.1');
      return { isKnown: caller !== undefined, ms: performance.now() - start };
    };
    expect((await time('admin:generated')).isKnown).toBe(true);
    const wrong = await time('admin:wrong');
    const unknown = await time('mallory:wrong');
    expect([wrong.isKnown, unknown.isKnown]).toEqual([false, false]);
    expect(unknown.ms).toBeGreaterThan(wrong.ms / 5);
  });

  it('offers both schemes where nothing was shown', () => {
    const { ask } = serviceWith(env);
    expect(refusal(() => ask(undefined, '127.0.0.1', true)).extras.headers).toEqual({
      'WWW-Authenticate': 'Basic realm="MCP Gateway", Bearer',
    });
  });

  it('stops guesses at once and in a row after ten, of that user and address only', async () => {
    const { ask } = serviceWith(env);
    const guess = (n: number, ip = '192.0.2.1') =>
      codeOf(ask(basic(`root:${String(n)}`), ip, true));
    const together = await Promise.all(Array.from({ length: 20 }, (_, n) => guess(n)));
    expect(together.filter((code) => code === 'not_authenticated')).toHaveLength(10);
    expect(together.filter((code) => code === 'too_many_attempts')).toHaveLength(10);
    expect(await guess(21)).toBe('too_many_attempts');
    const right = basic('root:correct:horse');
    expect(await codeOf(ask(right, '192.0.2.1', true))).toBe('too_many_attempts');
    expect(await codeOf(ask(right, '192.0.2.2', true))).toBe('root');
    const later = Date.now() + 15 * 60_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(await codeOf(ask(right, '192.0.2.1', true))).toBe('root');
  });
});
