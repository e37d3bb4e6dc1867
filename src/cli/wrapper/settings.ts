import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, EXIT } from '../exit-code.js';
import { type Endpoint, toEndpoint } from './endpoint.js';
import { type EraChoice, isEraChoice } from './era-choice.js';
import { type Threshold, isThreshold } from './wrapper-log.js';

export interface Settings {
  readonly url: URL;
  /** As it was given: where a server that speaks HTTP+SSE only has its stream. */
  readonly given: URL;
  /** Names and values in turn, as undici takes them. */
  readonly headers: readonly string[];
  /** Silence allowed per request; 0 = for ever. */
  readonly timeoutMs: number;
  /** Requests of the client sent at the same time. */
  readonly concurrency: number;
  readonly era: EraChoice;
  readonly logLevel: Threshold;
  readonly logFile: string | null;
  /** Sentences for stderr. */
  readonly warnings: readonly string[];
}

const text = { type: 'string' } as const;
const OPTIONS = {
  url: text,
  auth: text,
  'token-env': text,
  'token-file': text,
  header: { type: 'string', multiple: true },
  timeout: text,
  concurrency: text,
  'log-level': text,
  'log-file': text,
  era: text,
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; strict: true }>>['values'];

/** @throws CommandError `usage` for flags that do not exist */
export function parseFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (e) {
    const problem = e instanceof Error ? e.message : String(e);
    throw new CommandError(`${problem}. See mcpgateway wrapper --help.`, EXIT.usage);
  }
}

/**
 * Flags over environment over defaults (OPERATIONS.md §1.5).
 * @throws CommandError 2 without a URL, else `usage`
 */
export function toSettings(flags: Flags, env: NodeJS.ProcessEnv, cwd: string): Settings {
  const warnings: string[] = [];
  const endpoint = toEndpoint(targetOf(flags, env, warnings));
  const logFile = flags['log-file'] === undefined ? null : resolve(cwd, flags['log-file']);
  return {
    url: endpoint.url,
    given: endpoint.given,
    headers: headersOf(flags, { env, cwd, endpoint }),
    timeoutMs: Math.round(1000 * numberOf(flags.timeout, env['MCP_TOOL_CALL_TIMEOUT'], TIMEOUT)),
    concurrency: numberOf(flags.concurrency, env['CONCURRENCY'], CONCURRENCY),
    era: eraOf(flags.era),
    logLevel: levelOf(flags['log-level'] ?? env['MCP_WRAPPER_LOG_LEVEL'], logFile),
    logFile,
    warnings,
  };
}

function eraOf(era = 'auto'): EraChoice {
  if (isEraChoice(era)) return era;
  throw usage('--era is auto, legacy or modern.');
}

function targetOf(flags: Flags, env: NodeJS.ProcessEnv, warnings: string[]): string {
  const target = flags.url ?? env['MCP_SERVER_URL'];
  if (isGiven(target)) return target;
  const [older] = (env['MCP_SERVER_CATALOG_URLS'] ?? '').split(',').filter((u) => u.trim() !== '');
  if (older === undefined)
    throw new CommandError(
      'No URL: give --url or MCP_SERVER_URL, e.g. http://127.0.0.1:4444/servers/ID.',
      EXIT.noUrl,
    );
  warnings.push('MCP_SERVER_CATALOG_URLS is the older form; its first URL is used.');
  return older;
}

interface Sources {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly endpoint: Endpoint;
}

function headersOf(flags: Flags, sources: Sources): string[] {
  const headers = new Map<string, string>();
  const authorization = authorizationOf(flags, sources) ?? sources.endpoint.authorization;
  if (authorization !== null) headers.set('authorization', checked('Authorization', authorization));
  for (const line of flags.header ?? []) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw usage("--header wants 'Name: value'.");
    headers.set(name, checked(name, line.slice(colon + 1).trim()));
  }
  return [...headers].flat();
}

function authorizationOf(flags: Flags, { env, cwd }: Sources): string | null {
  if (isGiven(flags.auth)) return flags.auth;
  const token = namedToken(flags, env, cwd);
  if (token !== null) return `Bearer ${token}`;
  if (isGiven(env['MCP_AUTH'])) return env['MCP_AUTH'];
  const known = ['MCPGATEWAY_TOKEN', 'MCPGATEWAY_BEARER_TOKEN', 'MCP_AUTH_TOKEN'];
  const found = known.map((name) => env[name]).find(isGiven);
  return found === undefined ? null : `Bearer ${found.trim()}`;
}

function namedToken(flags: Flags, env: NodeJS.ProcessEnv, cwd: string): string | null {
  const name = flags['token-env'];
  if (name !== undefined) {
    const value = env[name];
    if (!isGiven(value)) throw usage(`--token-env: ${name} is not set.`);
    return value.trim();
  }
  const file = flags['token-file'];
  if (file === undefined) return null;
  try {
    return readFileSync(resolve(cwd, file), 'utf8').trim();
  } catch {
    throw usage(`--token-file: cannot read ${file}.`);
  }
}

/** undici would refuse it later, and name the value in its error. */
function checked(name: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw usage(`The value of ${name} has characters that no header may have.`);
}

interface NumberRule {
  readonly name: string;
  readonly fallback: number;
  readonly pattern: RegExp;
  readonly min: number;
  readonly max: number;
}

const TIMEOUT: NumberRule = {
  name: '--timeout (MCP_TOOL_CALL_TIMEOUT)',
  fallback: 60,
  pattern: /^\d{1,6}(\.\d{1,3})?$/,
  min: 0,
  max: 86_400,
};
const CONCURRENCY: NumberRule = {
  name: '--concurrency (CONCURRENCY)',
  fallback: 10,
  pattern: /^\d{1,4}$/,
  min: 1,
  max: 1000,
};

function numberOf(flag: string | undefined, env: string | undefined, rule: NumberRule): number {
  const given = flag ?? env;
  if (!isGiven(given)) return rule.fallback;
  const value = rule.pattern.test(given.trim()) ? Number(given) : Number.NaN;
  if (value >= rule.min && value <= rule.max) return value;
  throw usage(`${rule.name} wants a number from ${rule.min} to ${rule.max}.`);
}

function levelOf(given: string | undefined, logFile: string | null): Threshold {
  if (!isGiven(given)) return logFile === null ? 'critical' : 'info';
  const level = given.trim().toLowerCase();
  if (level === 'none' || level === 'disable') return 'off';
  if (level === 'warn') return 'warning';
  if (isThreshold(level)) return level;
  throw usage('--log-level is DEBUG, INFO, WARNING, ERROR, CRITICAL or OFF.');
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}

function usage(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}
