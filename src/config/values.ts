import { oneOf, ValueFault } from './setting.js';
import type { Setting } from './setting.js';

/** @throws ValueFault unless the URL names a database that this version can open */
export function checkDatabaseUrl(value: string): void {
  if (/^sqlite(\+\w+)?:(\/\/|:memory:)/.test(value)) return;
  throw new ValueFault('must be a sqlite URL such as sqlite:///./mcp.db');
}

/** @throws ValueFault unless the prefix starts with a slash and does not end with one */
export function checkRootPath(value: string): void {
  if (/^(\/[\w.~-]+)+$/.test(value)) return;
  throw new ValueFault('must be a path such as /gateway, without slash at the end');
}

const FAMILIES = ['all', 'http', 'ws', 'sse', 'streamablehttp'];

/** @throws ValueFault unless it is a name of TRANSPORT_TYPE */
export function checkTransportFamily(value: string): void {
  if (!FAMILIES.includes(value)) throw new ValueFault(`must be ${FAMILIES.join(', ')}`);
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Names that other programs use for the same levels. */
const SYNONYMS: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' };

/** Severity of the gateway's own log; also accepts `WARNING` and `CRITICAL`. */
export function logLevel(
  env: string,
  initial: (typeof LEVELS)[number],
  sentence: string,
): Setting<(typeof LEVELS)[number]> {
  const levels = oneOf(env, LEVELS, initial, sentence);
  return { ...levels, parse: (value) => levels.parse(SYNONYMS[value.toLowerCase()] ?? value) };
}
