const MAX_LINE = 200;
/** Colours. */
const ESCAPES = /\p{Cc}\[[\d;]*m/gu;

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
