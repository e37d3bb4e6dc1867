import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';

const STRONG = 'k7Qm2ZrV9xLw4TyB8nHs6JdF1pGc3EaU';
const PRODUCTION = {
  ENVIRONMENT: 'production',
  JWT_SECRET_KEY: STRONG,
  AUTH_ENCRYPTION_SECRET: `${STRONG}2`,
};

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const load = (env: NodeJS.ProcessEnv, flags: Record<string, string> = {}) =>
  loadConfig(env, { cwd, flags });

function faultsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.faults.map(({ name, problem }) => [name, problem]));
  }
  return {};
}

describe('sources', () => {
  it('needs nothing: defaults, with durations in ms', () => {
    const config = load({});
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4444, toolTimeoutMs: 60_000 });
    expect(config.secretsFile).toBe(join(cwd, '.mcpgateway-secrets.json'));
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('prefers flags to the environment to the file of a secret to .env', () => {
    writeFileSync(
      join(cwd, '.env'),
      `PORT=1\nHOST=::1\nJWT_SECRET_KEY=${STRONG}dotenv\nAPP_NAME="a b"\n`,
    );
    writeFileSync(join(cwd, 'key'), `${STRONG}file\n`);
    const config = load({ PORT: '2', HOST: '', JWT_SECRET_KEY_FILE: 'key' }, { port: '3' });
    expect(config).toMatchObject({
      port: 3,
      host: '::1',
      jwtSecretKey: `${STRONG}file`,
      appName: 'a b',
    });
    expect(load({ JWT_SECRET_KEY: STRONG, JWT_SECRET_KEY_FILE: 'key' }).jwtSecretKey).toBe(STRONG);
  });

  it('reads older names', () => {
    expect(load({ TOOL_RATE_LIMIT: '7' }).maxToolCallsPerMinute).toBe(7);
  });

  it('reads lists as JSON or comma-separated, booleans in many spellings', () => {
    expect(load({ ALLOWED_HOSTS: '["a.test","b.test"]' }).allowedHosts).toEqual([
      'a.test',
      'b.test',
    ]);
    expect(load({ ALLOWED_HOSTS: 'a.test, b.test' }).allowedHosts).toEqual(['a.test', 'b.test']);
    expect(load({ ENABLE_METRICS: 'OFF' }).enableMetrics).toBe(false);
    expect(load({ LOG_LEVEL: 'WARNING' }).logLevel).toBe('warn');
  });
});

describe('faults', () => {
  it('names all of them at once, each with its fix', () => {
    const bad = {
      PORT: '99999',
      TOOL_TIMEOUT: 'soon',
      ENABLE_METRICS: 'maybe',
      LOG_FORMAT: 'xml',
      TRUSTED_PROXIES: '10.0.0.0/99',
      ALLOWED_ORIGINS: 'http://a.test/path',
      PUBLIC_URL: 'ftp://x',
      DATABASE_URL: 'oracle://scott:tiger@db',
      JWT_SECRET_KEY_FILE: 'nowhere',
      ALLOWED_HOSTS: '[1]',
      APP_ROOT_PATH: 'x/',
      AUTH_ENCRYPTION_SECRET: 'changeme',
      REQUIRE_STRONG_SECRETS: 'true',
    };
    const faults = faultsOf(bad);
    const names = Object.keys(bad).filter((name) => !name.startsWith('REQUIRE'));
    expect(Object.keys(faults).sort()).toEqual(
      names.map((name) => name.replace('_FILE', '')).sort(),
    );
    expect(faults['PORT']).toBe('must be a whole number from 0 to 65535');
    expect(faults['JWT_SECRET_KEY']).toContain('(ENOENT)');
    expect(() => load(bad)).toThrow(
      /TOOL_TIMEOUT must be .* Fix: correct it, or leave it out for the default 60\./,
    );
    expect(() => load(bad)).not.toThrow(/tiger/);
  });

  it.each(['-1', '1e3', '0x10', '1.5', '99999999999999999999'])('refuses the number %s', (PORT) => {
    expect(faultsOf({ PORT })).toHaveProperty('PORT');
  });

  it('blames the flag when the flag is wrong', () => {
    expect(() => load({ PORT: '1' }, { port: 'x' })).toThrow('--port');
  });
});

describe('safety', () => {
  it('accepts a weak key on loopback only', () => {
    expect(faultsOf({ JWT_SECRET_KEY: 'my-test-key' })).toEqual({});
    expect(faultsOf({ JWT_SECRET_KEY: 'my-test-key', HOST: '0.0.0.0' })).toHaveProperty(
      'JWT_SECRET_KEY',
    );
    expect(faultsOf({ JWT_SECRET_KEY: 'short', REQUIRE_STRONG_SECRETS: 'true' })).toEqual({
      JWT_SECRET_KEY: 'is shorter than 32 bytes',
    });
  });

  it('refuses a well-known password on an open bind', () => {
    expect(faultsOf({ BASIC_AUTH_PASSWORD: 'changeme', HOST: '0.0.0.0' })).toHaveProperty(
      'BASIC_AUTH_PASSWORD',
    );
  });

  it('starts in production with strong secrets and closed private networks', () => {
    expect(load(PRODUCTION)).toMatchObject({
      ssrfAllowLocalhost: false,
      requireStrongSecrets: true,
    });
    expect(load({ ...PRODUCTION, SSRF_ALLOW_LOCALHOST: 'true' }).ssrfAllowLocalhost).toBe(true);
  });

  it.each([
    [{ JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY'],
    [{ AUTH_ENCRYPTION_SECRET: '' }, 'AUTH_ENCRYPTION_SECRET'],
    [
      { AUTH_ENCRYPTION_SECRET: `${STRONG},aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` },
      'AUTH_ENCRYPTION_SECRET',
    ],
    [{ REQUIRE_STRONG_SECRETS: 'false', JWT_SECRET_KEY: 'short' }, 'JWT_SECRET_KEY'],
    [{ BASIC_AUTH_PASSWORD: 'changeme' }, 'BASIC_AUTH_PASSWORD'],
    [{ AUTH_REQUIRED: 'false', HOST: '0.0.0.0' }, 'AUTH_REQUIRED'],
    [{ SKIP_SSL_VERIFY: 'true' }, 'SKIP_SSL_VERIFY'],
  ])('refuses in production %j', (change, name) => {
    expect(Object.keys(faultsOf({ ...PRODUCTION, ...change }))).toEqual([name]);
  });

  it('refuses the switch of Node that turns certificate checks off', () => {
    expect(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toHaveProperty(
      'NODE_TLS_REJECT_UNAUTHORIZED',
    );
  });
});
