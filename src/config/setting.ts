/** What is wrong with a value; the message follows the variable's name: `TOOL_TIMEOUT must be …`. */
export class ValueFault extends Error {}

/** One variable: where it is read, how, and what it means. */
export interface Setting<T> {
  readonly env: string;
  /** Older names that mean the same; the first one that is set counts. */
  readonly aliases: readonly string[];
  /** Form of the value, for people: `int`, `bool`, `one of: a, b`. */
  readonly type: string;
  /** Unit of the variable (the property in code may have another: durations are ms). */
  readonly unit: string;
  /** Default as it would be written in the variable; '' = empty. */
  readonly shown: string;
  readonly default: T;
  /** Default with `ENVIRONMENT=production`, where it differs. */
  readonly production?: T;
  readonly shownProduction?: string;
  /** Also read from `NAME_FILE`, never shown. */
  readonly secret: boolean;
  readonly sentence: string;
  /** @throws ValueFault naming what was expected, never the value itself */
  readonly parse: (text: string) => T;
}

/** The less usual properties of a variable. */
export interface More<T> {
  readonly aliases?: readonly string[];
  readonly production?: T;
  readonly secret?: boolean;
  /** Unit of a count, the same in the variable and in code. */
  readonly unit?: string;
  /** Bounds of a number, in the unit of the variable. `min` is 0 unless given. */
  readonly min?: number;
  readonly max?: number;
  /** Closer description of a list's items. */
  readonly type?: string;
  /** Looks at a text or at each item of a list. @throws ValueFault */
  readonly check?: (item: string) => void;
}

interface Kind<T> {
  readonly type: string;
  readonly unit?: string;
  readonly parse: (text: string) => T;
  readonly show: (value: T) => string;
}

type Head<T> = readonly [env: string, initial: T, sentence: string];

function setting<T>(head: Head<T>, kind: Kind<T>, more: More<T>): Setting<T> {
  const [env, initial, sentence] = head;
  return {
    env,
    aliases: more.aliases ?? [],
    type: kind.type,
    unit: kind.unit ?? '',
    shown: kind.show(initial),
    default: initial,
    ...(more.production === undefined ? {} : { production: more.production }),
    ...(more.production === undefined ? {} : { shownProduction: kind.show(more.production) }),
    secret: more.secret ?? false,
    sentence,
    parse: kind.parse,
  };
}

export function str(env: string, initial: string, sentence: string, more: More<string> = {}) {
  const parse = (value: string): string => {
    more.check?.(value);
    return value;
  };
  const kind = { type: more.type ?? 'string', parse, show: (value: string) => value };
  return setting([env, initial, sentence], kind, more);
}

/** A value that is never shown; `NAME_FILE` names a file with it. */
export function secret(env: string, initial: string, sentence: string, more: More<string> = {}) {
  return str(env, initial, sentence, { ...more, secret: true });
}

/** One of a closed list, any case; the spelling of the list comes out. */
export function oneOf<const T extends string>(
  env: string,
  values: readonly T[],
  initial: NoInfer<T>,
  sentence: string,
): Setting<T> {
  const type = `one of: ${values.join(', ')}`;
  const parse = (value: string): T => {
    const found = values.find((known) => known.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw new ValueFault(`must be ${type}`);
    return found;
  };
  return setting<T>([env, initial, sentence], { type, parse, show: (value) => value }, {});
}

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];

function parseBool(value: string): boolean {
  const lower = value.toLowerCase();
  if (TRUE.includes(lower)) return true;
  if (FALSE.includes(lower)) return false;
  throw new ValueFault('must be true or false (also 1, 0, yes, no, on, off)');
}

export function bool(env: string, initial: boolean, sentence: string, more: More<boolean> = {}) {
  return setting([env, initial, sentence], { type: 'bool', parse: parseBool, show: String }, more);
}

function parseNumber(value: string, whole: boolean, more: More<number>): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = more;
  const pattern = whole ? /^-?\d{1,15}$/ : /^-?\d{1,12}(\.\d{1,6})?$/;
  const number = pattern.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  const upTo =
    max === Number.MAX_SAFE_INTEGER
      ? `of at least ${String(min)}`
      : `from ${String(min)} to ${String(max)}`;
  throw new ValueFault(`must be a ${whole ? 'whole ' : ''}number ${upTo}`);
}

function scaled(factor: number, whole: boolean, more: More<number>): Kind<number> {
  return {
    type: whole ? 'int' : 'number',
    unit: more.unit ?? '',
    parse: (value) => parseNumber(value, whole, more) * factor,
    show: (value) => String(value / factor),
  };
}

export function int(env: string, initial: number, sentence: string, more: More<number> = {}) {
  return setting([env, initial, sentence], scaled(1, true, more), more);
}

export function bytes(env: string, initial: number, sentence: string, more: More<number> = {}) {
  return int(env, initial, sentence, { min: 1, ...more, unit: 'bytes' });
}

/** Longest duration that a timer of Node can wait, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A variable in seconds (fractions allowed), a property in ms. `min` and `max` in seconds. */
export function seconds(env: string, initial: number, sentence: string, more: More<number> = {}) {
  const kind = scaled(1000, false, { max: Math.floor(MAX_TIMER_MS / 1000), ...more, unit: 's' });
  return setting([env, initial * 1000, sentence], kind, more);
}

/** A variable and a property in ms. */
export function millis(env: string, initial: number, sentence: string, more: More<number> = {}) {
  return int(env, initial, sentence, { max: MAX_TIMER_MS, ...more, unit: 'ms' });
}

/** JSON array of strings, or comma-separated. */
function parseList(value: string): string[] {
  if (!value.startsWith('[')) {
    return value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  let items: unknown;
  try {
    items = JSON.parse(value);
  } catch {
    throw new ValueFault('must be a JSON array of strings, or comma-separated');
  }
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) {
    throw new ValueFault('must be a JSON array of strings, or comma-separated');
  }
  return items;
}

export function list(
  env: string,
  initial: readonly string[],
  sentence: string,
  more: More<readonly string[]> = {},
) {
  const kind: Kind<readonly string[]> = {
    type: more.type ?? 'list',
    parse: (value) => {
      const items = parseList(value);
      for (const item of items) more.check?.(item);
      return items;
    },
    show: (items) => items.join(','),
  };
  return setting([env, initial, sentence], kind, more);
}

/** An absolute http(s) URL, '' = unset; a trailing slash is dropped. */
export function url(env: string, initial: string, sentence: string): Setting<string> {
  const parse = (value: string): string => {
    const protocol = URL.canParse(value) ? new URL(value).protocol : '';
    if (protocol === 'http:' || protocol === 'https:') return value.replace(/\/+$/, '');
    throw new ValueFault('must be an absolute URL with http or https');
  };
  return setting([env, initial, sentence], { type: 'url', parse, show: (value) => value }, {});
}
