import { RE2JS } from 're2js';

/**
 * Regular expressions of strangers, run in linear time (SECURITY.md S44). Ajv keys compiled patterns by
 * `toString()`, so it must differ from pattern to pattern, or all would run as the first.
 */
class LinearRegExp {
  private readonly compiled: RE2JS;

  constructor(private readonly source: string) {
    this.compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  }

  test(text: string): boolean {
    return this.compiled.matcher(text).find();
  }

  toString(): string {
    return `re2:${this.source}`;
  }
}

function engine(pattern: string): LinearRegExp {
  return new LinearRegExp(pattern);
}

/** The engine in the shape that ajv asks for. */
export const re2Engine = Object.assign(engine, { code: 're2' });

/** @returns why a pattern cannot be run (look-around, back-reference, syntax); `undefined` when it can */
export function re2Fault(pattern: string): string | undefined {
  try {
    RE2JS.compile(RE2JS.translateRegExp(pattern));
    return undefined;
  } catch (e) {
    return e instanceof Error ? e.message.slice(0, 200) : 'not understood';
  }
}
