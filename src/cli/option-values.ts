import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 60, s: 1, m: 60, h: 3_600, d: 86_400 };
/** Longer ones are refused when they come back (auth/methods/jwt.ts). */
const MAX_LIFETIME_SECONDS = 3_650 * 86_400;

/** `60` (minutes), `90s`, `30m`, `24h`, `7d`; `0` = for ever. @returns seconds */
export function lifetime(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  const seconds = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
  if (Number.isNaN(seconds))
    throw new InvalidArgumentError('Use minutes (60) or a unit: 90s, 30m, 24h, 7d.');
  if (seconds > MAX_LIFETIME_SECONDS) throw new InvalidArgumentError('At most 3650d.');
  return seconds;
}

export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Use a JSON object.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('Use a JSON object.');
  return value as Record<string, unknown>;
}

/** `key=value,key=value` or a JSON object. */
export function claims(text: string): Record<string, unknown> {
  if (text.trim().startsWith('{')) return jsonObject(text);
  const pairs = text.split(',').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new InvalidArgumentError('Use key=value,… or a JSON object.');
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

export function port(text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('Use 0 to 65535; 0 = any free port.');
  return text;
}
