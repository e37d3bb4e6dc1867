import { randomBytes } from 'node:crypto';
import { checkOrigin } from '../../../config/addresses.js';
import type { Config } from '../../../config/config.js';
import { type ConfigValues, SETTINGS } from '../../../config/config.schema.js';
import { IN_MEMORY } from '../../../store/database.js';
import type { TranslateFlags } from '../../translate-command.js';
import { type Exposed, exposedBy, usage } from './plan.js';

/** Children of one server: with `--header-to-env` each session has one. */
const MAX_CHILDREN = 100;
/** What TRANSPORT_TYPE calls what is exposed. */
const FAMILIES: Readonly<Record<Exposed, 'streamablehttp' | 'sse' | 'ws'>> = {
  mcp: 'streamablehttp',
  sse: 'sse',
  ws: 'ws',
};
const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

/**
 * The settings of a gateway that is the two ends of one pipe: the defaults, and what the flags say. Of
 * the environment only ALLOWED_HOSTS counts: what is set for a gateway is not meant for this.
 * @throws CommandError `usage`
 */
export function translateConfig(flags: TranslateFlags, env: NodeJS.ProcessEnv): Config {
  const defaults = Object.fromEntries(
    Object.entries(SETTINGS).map(([key, setting]) => [key, setting.default]),
  ) as unknown as ConfigValues;
  const values: Partial<Config> = {
    host: flags.host,
    port: Number(flags.port),
    databaseUrl: IN_MEMORY,
    callLogRetentionDays: 0,
    authRequired: false,
    jwtSecretKey: randomBytes(32).toString('base64url'),
    authEncryptionSecret: [randomBytes(32).toString('base64url')],
    basicAuthPasswordHash: '',
    allowedHosts: hostsOf(env),
    allowedOrigins: originsOf(flags),
    transportType: [...exposedBy(flags)].map((one) => FAMILIES[one]),
    useStatefulSessions: flags.stateless !== true,
    jsonResponseEnabled: flags.jsonResponse === true,
    sseKeepaliveIntervalMs: keepAliveOf(flags),
    stdioUpstreamsEnabled: true,
    stdioMaxProcesses: MAX_CHILDREN,
    // Whoever started it for one client counts on what it remembers.
    stdioIdleTimeoutMs: defaults.sessionTtlMs,
    stdioMaxProcessesPerGateway: MAX_CHILDREN,
    logLevel: levelOf(flags.logLevel),
    logFormat: 'text',
  };
  return Object.freeze(Object.assign(defaults, values) as Config);
}

function hostsOf(env: NodeJS.ProcessEnv): string[] {
  const names = (env['ALLOWED_HOSTS'] ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function originsOf({ cors = [] }: TranslateFlags): string[] {
  try {
    return cors.map((origin) => {
      checkOrigin(origin);
      return origin;
    });
  } catch {
    throw usage('--cors wants origins such as https://app.example.com.');
  }
}

function keepAliveOf({ keepAlive }: TranslateFlags): number {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(keepAlive) ? Number(keepAlive) : 0;
  if (seconds < 1) throw usage('--keepAlive wants a number of seconds from 1 on.');
  return seconds * 1000;
}

function levelOf(text: string): Config['logLevel'] {
  const wanted = text.toLowerCase() === 'none' ? 'fatal' : text.toLowerCase();
  const level = LEVELS.find((one) => one === wanted);
  if (level === undefined) throw usage('--logLevel is debug, info, warn, error or none.');
  return level;
}
