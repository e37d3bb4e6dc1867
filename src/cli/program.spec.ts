import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt, { type JwtPayload } from 'jsonwebtoken';
import { run } from './program.js';

const SECRET = 'a-key-for-tests-that-has-more-than-32-bytes';
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

async function command(args: string[], env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {
    env,
    cwd,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, out: out.join(''), err: err.join('') };
}

describe('token create', () => {
  it('prints the token and nothing else', async () => {
    const { code, out, err } = await command(
      ['token', 'create', '--username', 'alice', '--exp', '1440', '--secret', SECRET],
      { ENVIRONMENT: 'production', HOST: '0.0.0.0' },
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const payload = jwt.verify(out.trimEnd(), SECRET) as JwtPayload;
    expect(payload).toMatchObject({ sub: 'alice', iss: 'mcpgateway', aud: 'mcpgateway-api' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(86_400);
    expect(out).toBe(`${out.trim()}\n`);
  });

  it('signs with JWT_SECRET_KEY of .env, and puts in what is asked for', async () => {
    writeFileSync(join(cwd, '.env'), `JWT_SECRET_KEY=${SECRET}\n`);
    const scopes = '{"servers":["dev"]}';
    const options = ['--role', 'viewer', '--scopes', scopes, '-d', 'team=a', '--json'];
    const { out } = await command(['token', 'create', '-u', 'bob', ...options]);
    const printed = JSON.parse(out) as { token: string; claims: object };
    expect(jwt.verify(printed.token, SECRET)).toMatchObject({
      sub: 'bob',
      role: 'viewer',
      scopes: { servers: ['dev'] },
      team: 'a',
    });
  });

  it('makes the signing key on the first run, and uses it ever after', async () => {
    const first = await command(['token', 'create']);
    expect(first.out.trim().split('.')).toHaveLength(3);
    const inspected = await command(['token', 'inspect', first.out.trim()]);
    expect(JSON.parse(inspected.out)).toMatchObject({ valid: true, payload: { sub: 'admin' } });
  });

  it('makes an endless token only where that is allowed', async () => {
    const args = ['token', 'create', '--exp', '0', '--secret', SECRET];
    const refused = await command(args);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('REQUIRE_TOKEN_EXPIRATION');
    const { out } = await command(args, { REQUIRE_TOKEN_EXPIRATION: 'false' });
    expect(jwt.verify(out.trim(), SECRET)).not.toHaveProperty('exp');
  });

  it.each([
    [['--exp', 'soon']],
    [['--role', 'root']],
    [['--scopes', 'all']],
    [['--scopes', '{"ip_restrictions":["office"]}']],
    [['--secret', '']],
  ])('refuses %j', async (options) => {
    const result = await command(['token', 'create', '--secret', SECRET, ...options]);
    expect(result).toMatchObject({ code: 1, out: '' });
  });
});

describe('token inspect', () => {
  it('says what is wrong with a token', async () => {
    const token = jwt.sign({ sub: 'alice' }, SECRET);
    const result = await command(['token', 'inspect', token], { JWT_SECRET_KEY: SECRET });
    expect(result.code).toBe(6);
    expect(JSON.parse(result.out)).toMatchObject({
      valid: false,
      problem: 'token_without_expiry (no_expiry)',
    });
    expect((await command(['token', 'inspect', 'junk'])).code).toBe(6);
  });
});

describe('config', () => {
  it('check lists every fault at once and answers 78', async () => {
    const result = await command(['config', 'check'], { PORT: 'x', TOOL_TIMEOUT: 'y' });
    expect(result.code).toBe(78);
    expect(result.err).toMatch(/PORT[^]*TOOL_TIMEOUT|TOOL_TIMEOUT[^]*PORT/);
    expect((await command(['config', 'check'])).code).toBe(0);
  });

  it('print names sources and masks secrets', async () => {
    writeFileSync(join(cwd, '.env'), 'PORT=5000\n');
    const { out } = await command(['config', 'print'], { JWT_SECRET_KEY: SECRET, HOST: '::1' });
    expect(out).toContain('PORT=5000  # .env: PORT');
    expect(out).toContain('HOST=::1  # environment: HOST');
    expect(out).toContain('JWT_SECRET_KEY=*****');
    expect(out).toContain('MAX_REQUEST_SIZE=4194304  # default');
    expect(out).not.toContain(SECRET);
  });

  it('print shows the defaults of production', async () => {
    const { out } = await command(['config', 'print'], { ENVIRONMENT: 'production' });
    expect(out).toContain('SSRF_ALLOW_LOCALHOST=false  # default');
  });

  it('faults end any command with 78', async () => {
    expect(await command(['healthcheck'], { PORT: 'x' })).toMatchObject({ code: 78 });
  });
});

describe('healthcheck', () => {
  it('answers 0 when ready, 2 when not, 4 when nobody is there', async () => {
    let status = 200;
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/ready' ? status : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const env = { PORT: String((server.address() as AddressInfo).port) };
    expect((await command(['healthcheck'], env)).code).toBe(0);
    status = 503;
    expect((await command(['healthcheck'], env)).code).toBe(2);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    expect((await command(['healthcheck'], env)).code).toBe(4);
  });
});

describe('the command', () => {
  it('shows help and version with 0', async () => {
    expect(await command(['--help'])).toMatchObject({ code: 0 });
    expect((await command(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await command(['version'])).out).toMatch(/^mcpgateway \d/);
  });

  it('answers 1 to what it does not know', async () => {
    const result = await command(['tokn']);
    expect(result.code).toBe(1);
    expect(result.err).toContain("Did you mean 'token'?");
    expect((await command(['token', 'create', '--what'])).code).toBe(1);
  });

  it('refuses to serve a file that is not there', async () => {
    const result = await command(['serve', '--config', 'missing.json']);
    expect(result).toMatchObject({ code: 1 });
    expect(result.err).toContain('missing.json');
  });
});
