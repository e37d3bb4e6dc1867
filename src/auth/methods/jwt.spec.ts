import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { loadConfig } from '../../config/load-config.js';
import { issueToken } from '../token-issuer.js';
import { JwtVerifier, TokenRefused } from './jwt.js';

const SECRET = 'a-key-for-tests-that-has-more-than-32-bytes';
const now = () => Math.floor(Date.now() / 1_000);
const configWith = (env: Record<string, string> = {}) =>
  loadConfig({ JWT_SECRET_KEY: SECRET, ...env }, { cwd: __dirname });
const verify = (token: string, env: Record<string, string> = {}) =>
  new JwtVerifier(configWith(env)).verify(token);
const sign = (claims: object, header: object = {}, secret = SECRET) =>
  raw({ alg: 'HS256', typ: 'JWT', ...header }, claims, secret);
const good = { sub: 'alice', exp: now() + 600 };

/** Signed by hand: the library refuses to make most of the bad ones. */
function raw(header: object, claims: unknown, secret: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function refusal(token: string, env: Record<string, string> = {}): string {
  try {
    verify(token, env);
  } catch (e) {
    if (e instanceof TokenRefused) return `${e.code}/${e.reason}`;
    throw e;
  }
  return 'accepted';
}

describe('a token that is accepted', () => {
  it('gives the principal, its role and its end', () => {
    const { caller } = verify(sign({ ...good, role: 'viewer', jti: 't1' }));
    expect(caller).toMatchObject({
      principal: 'alice',
      type: 'user',
      role: 'viewer',
      limiterKey: 'user:alice',
      visibility: '*',
      expiresAt: good.exp,
      tokenId: 't1',
    });
  });

  it('may name its principal in `username`', () => {
    expect(verify(sign({ username: 'bob', exp: good.exp })).caller.principal).toBe('bob');
  });

  it('has the role of its claim, else of is_admin, else the default', () => {
    const env = { JWT_DEFAULT_ROLE: 'viewer' };
    expect(verify(sign({ ...good, role: 'operator' }), env).caller.role).toBe('operator');
    expect(verify(sign({ ...good, user: { is_admin: true } }), env).caller.role).toBe('admin');
    expect(verify(sign({ ...good, user: { is_admin: 'yes' } }), env).caller.role).toBe('viewer');
    expect(verify(sign(good)).caller.role).toBe('admin');
  });

  it('is narrowed by its scopes', () => {
    const scopes = { server_id: 'dev', permissions: ['tools.read'], ip_restrictions: ['10.0.0.1'] };
    const { caller, networks } = verify(sign({ ...good, scopes }));
    expect([...caller.permissions]).toEqual(['tools.read']);
    expect(caller.visibility).not.toBe('*');
    expect(networks?.contains('10.0.0.2')).toBe(false);
  });

  it('may be late or early by 30 seconds', () => {
    expect(refusal(sign({ ...good, exp: now() - 20 }))).toBe('accepted');
    expect(refusal(sign({ ...good, nbf: now() + 20 }))).toBe('accepted');
  });

  it('may lack an expiry only where the setting says so', () => {
    const token = sign({ sub: 'alice' });
    expect(refusal(token, { REQUIRE_TOKEN_EXPIRATION: 'false' })).toBe('accepted');
    expect(refusal(token)).toBe('token_without_expiry/no_expiry');
  });

  it('may carry keys and key addresses in its header: they are ignored', () => {
    const header = {
      jku: 'http://evil.test',
      x5u: 'http://evil.test',
      jwk: { kty: 'oct', k: 'AA' },
    };
    expect(refusal(sign(good, { ...header, kid: '../../dev/null' }))).toBe('accepted');
  });

  it('is what the issuer makes', () => {
    const config = configWith({
      JWT_AUDIENCE_VERIFICATION: 'true',
      JWT_ISSUER_VERIFICATION: 'true',
      REQUIRE_JTI: 'true',
    });
    const data = { team: 'a', sub: 'mallory' };
    const { token, claims } = issueToken(config, { principal: 'alice', lifetimeSeconds: 60, data });
    expect(claims).toMatchObject({ sub: 'alice', team: 'a' });
    expect(new JwtVerifier(config).verify(token).caller.principal).toBe('alice');
  });
});

describe('a token that is refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it.each([
    ['junk', 'junk'],
    ['nothing', ''],
    ['dots', '..'],
    ['another key', sign(good, {}, 'another-key-that-has-more-than-32-bytes-too')],
    ['alg none', raw({ alg: 'none' }, good, SECRET)],
    ['alg nOnE without signature', raw({ alg: 'nOnE' }, good, SECRET).replace(/[^.]*$/, '')],
    ['another HMAC', jwt.sign(good, SECRET, { algorithm: 'HS512' })],
    ['RSA', jwt.sign(good, privateKey, { algorithm: 'RS256' })],
    ['HMAC with a public key', sign(good, {}, pem)],
    ['an embedded key', sign(good, { jwk: { kty: 'oct', k: 'AA' } }, '\0')],
    ['SQL as kid', sign(good, { kid: "' OR 1=1" }, '')],
    ['a critical extension', sign(good, { crit: ['b64'], b64: true })],
    ['an empty crit', sign(good, { crit: [] })],
    ['12 KB', sign({ ...good, pad: 'x'.repeat(9_000) })],
    ['exp 0', sign({ ...good, exp: 0 })],
    ['exp as text', sign({ ...good, exp: String(good.exp) })],
    ['exp null', sign({ ...good, exp: null })],
    ['exp in ms', sign({ ...good, exp: good.exp * 1_000 })],
    ['exp in a hundred years', sign({ ...good, exp: now() + 100 * 365 * 86_400 })],
    ['nbf in the future', sign({ ...good, nbf: now() + 120 })],
    ['nbf as text', sign({ ...good, nbf: 'tomorrow' })],
    ['another issuer', sign({ ...good, iss: 'evil' })],
    ['another audience', sign({ ...good, aud: 'evil' })],
    ['a list of audiences', sign({ ...good, aud: ['mcpgateway-api'] })],
    ['no principal', sign({ exp: good.exp })],
    ['an empty principal', sign({ ...good, sub: '' })],
    ['a line break in the principal', sign({ ...good, sub: 'a\nb' })],
    ['a number as principal', sign({ ...good, sub: 7 })],
    ['an unknown role', sign({ ...good, role: 'root' })],
    ['the internal role', sign({ ...good, role: 'peer' })],
    ['broken scopes', sign({ ...good, scopes: { tools: 5 } })],
    ['a jti that is no text', sign({ ...good, jti: 5 })],
    ['a payload that is no object', raw({ alg: 'HS256' }, 'alice', SECRET)],
  ])('has %s', (_, token) => {
    expect(refusal(token)).toMatch(/^token_invalid\//);
  });

  it('is over, and says so only when it was genuine', () => {
    const over = { ...good, exp: now() - 60 };
    expect(refusal(sign(over))).toBe('token_expired/expired');
    expect(refusal(sign(over, {}, 'x'.repeat(40)))).toMatch(/^token_invalid/);
  });

  it('lacks what a setting asks for', () => {
    expect(refusal(sign(good), { JWT_ISSUER_VERIFICATION: 'true' })).toMatch(/issuer/);
    expect(refusal(sign(good), { JWT_AUDIENCE_VERIFICATION: 'true' })).toMatch(/audience/);
    expect(refusal(sign(good), { REQUIRE_JTI: 'true' })).toMatch(/jti/);
  });
});
