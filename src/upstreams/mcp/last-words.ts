import { scrub } from '../../platform/log/redact.js';

/** Shorter values say too little to be secrets, and occur everywhere. */
const MIN_SECRET = 6;
const MAX_LINE = 200;
/** Colours. */
const ESCAPES = /\p{Cc}\[[\d;]*m/gu;

/** A text of a program without the secrets it was given, and without what looks like a credential. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const hidden = secrets.filter((s) => s.length >= MIN_SECRET).sort((a, b) => b.length - a.length);
  return scrub(hidden.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text));
}

/**
 * The line of stderr that says best why a program ended, short: the last one, but for stack traces and
 * what Node writes below them.
 */
export function lastLine(stderr: string): string | null {
  const lines = stderr.replace(ESCAPES, '').split('\n').filter(saysSomething);
  const told = lines.findLast((line) => /^\S/.test(line) && !/^Node\.js v\d/.test(line));
  const line = (told ?? lines.at(-1))?.replace(/\p{Cc}/gu, ' ').trim();
  if (line === undefined) return null;
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}

function saysSomething(line: string): boolean {
  return /[\p{L}\d]/u.test(line);
}
