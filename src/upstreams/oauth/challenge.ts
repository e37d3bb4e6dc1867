import type { Challenge } from './login-record.js';

const MAX_CHARS = 4096;
const PARAMETER = /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** Reads the Bearer challenge of a refusal; what is none of it is ignored. */
export function parseChallenge(header: string | undefined): Challenge {
  const text = (header ?? '').slice(0, MAX_CHARS);
  const start = /(?:^|,)\s*bearer\s/i.exec(text);
  if (start === null) return {};
  const found = parametersOf(text.slice(start.index));
  const url = found.get('resource_metadata');
  const known = {
    scope: found.get('scope'),
    error: found.get('error'),
    resourceMetadataUrl: url !== undefined && URL.canParse(url) ? url : undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** The first of each name counts. */
function parametersOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of text.matchAll(PARAMETER)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (!found.has(name.toLowerCase()) && value !== '') found.set(name.toLowerCase(), value);
  }
  return found;
}

const words = (scope: string | null | undefined): string[] =>
  (scope ?? '').split(/\s+/).filter(Boolean);

/** All scopes of both, each once; `undefined` = none (26 Authorization §Scope Challenge Handling). */
export function scopeUnion(
  a: string | null | undefined,
  b: string | null | undefined,
): string | undefined {
  const all = new Set([...words(a), ...words(b)]);
  return all.size === 0 ? undefined : [...all].join(' ');
}

/** Whether `wanted` names a scope that `asked` does not. */
export function asksMore(wanted: string | undefined, asked: string | null): boolean {
  const known = new Set(words(asked));
  return words(wanted).some((scope) => !known.has(scope));
}
