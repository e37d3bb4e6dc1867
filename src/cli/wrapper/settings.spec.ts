import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFlags, type Settings, toSettings } from './settings.js';

const settings = (args: string[], env: Record<string, string> = {}, cwd = '.'): Settings =>
  toSettings(parseFlags(args), { MCP_SERVER_URL: 'http://h', ...env }, cwd);
const authorization = (...given: Parameters<typeof settings>): string | undefined =>
  settings(...given).headers[1];

describe('settings of the wrapper', () => {
  it('come from flags, then the environment, then defaults', () => {
    expect(settings([])).toMatchObject({ timeoutMs: 60_000, concurrency: 10, headers: [] });
    const env = { MCP_TOOL_CALL_TIMEOUT: '5', CONCURRENCY: '3', MCP_WRAPPER_LOG_LEVEL: 'WARN' };
    expect(settings([], env)).toMatchObject({
      timeoutMs: 5000,
      concurrency: 3,
      logLevel: 'warning',
    });
    const flags = ['--url', 'http://other', '--timeout', '0.5', '--concurrency', '1'];
    const chosen = settings([...flags, '--log-level', 'DISABLE'], env);
    expect(chosen).toMatchObject({ timeoutMs: 500, concurrency: 1, logLevel: 'off' });
    expect(chosen.url.host).toBe('other');
  });

  it('log where it is asked for: by default only what ends it', () => {
    expect(settings([]).logLevel).toBe('critical');
    expect(settings(['--log-file', 'w.log'])).toMatchObject({ logLevel: 'info' });
  });

  it('take the credential from the nearest place', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'wrapper-'));
    writeFileSync(join(cwd, 'token'), 'from-file\n');
    const env = { MCP_AUTH: 'Basic abc', MCPGATEWAY_TOKEN: 'plain', MCP_AUTH_TOKEN: 'old', T: 'n' };
    expect(authorization(['--auth', 'Bearer flag'], env)).toBe('Bearer flag');
    expect(authorization(['--token-env', 'T'], env)).toBe('Bearer n');
    expect(authorization(['--token-file', 'token'], env, cwd)).toBe('Bearer from-file');
    expect(authorization([], env)).toBe('Basic abc');
    expect(authorization([], { MCPGATEWAY_TOKEN: 'plain' })).toBe('Bearer plain');
    expect(authorization([], { MCP_AUTH_TOKEN: 'old' })).toBe('Bearer old');
    expect(authorization(['--url', 'http://u:p@h'])).toBe('Basic dTpw');
    rmSync(cwd, { recursive: true });
  });

  it('take further headers', () => {
    const { headers } = settings(['--header', 'X-Team: a:b', '--header', 'authorization: Own x']);
    expect(headers).toEqual(['x-team', 'a:b', 'authorization', 'Own x']);
  });

  it('use the first URL of the older form, and say so', () => {
    const { url, warnings } = toSettings(
      parseFlags([]),
      { MCP_SERVER_CATALOG_URLS: 'http://a/servers/1,http://b' },
      '.',
    );
    expect(url.href).toBe('http://a/servers/1/mcp');
    expect(warnings).toHaveLength(1);
  });

  it('answer 2 without a URL', () => {
    expect(() => toSettings(parseFlags([]), {}, '.')).toThrow(
      expect.objectContaining({ exitCode: 2 }) as Error,
    );
  });

  it.each([
    [['--era', 'middle'], '--era'],
    [['--timeout', 'soon'], '--timeout'],
    [['--concurrency', '0'], '--concurrency'],
    [['--log-level', 'loud'], '--log-level'],
    [['--header', 'nothing'], '--header'],
    [['--header', 'x: a\nb'], 'header'],
    [['--token-env', 'NOWHERE'], 'NOWHERE'],
    [['--token-file', 'nowhere'], 'nowhere'],
    [['--what'], '--what'],
    [['positional'], 'positional'],
  ])('refuse %j', (args, sentence) => {
    expect(() => settings(args)).toThrow(sentence);
  });

  it('never repeat a secret in an error', () => {
    expect(() => settings(['--auth', 'Bearer sécret\u0001'])).toThrow(/^(?!.*sécret)/);
    expect(() => settings(['--url', 'htp://u:hidden@h'])).toThrow(/^(?!.*hidden)/);
  });
});
