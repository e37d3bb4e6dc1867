const SNAKE = /_([a-z0-9])/g;
const CAMEL = /[A-Z]/g;

/** `base_url` → `baseUrl`; names that start with `_` (`_meta`) stay. */
export function toCamelCase(name: string): string {
  return name.startsWith('_')
    ? name
    : name.replace(SNAKE, (_, letter: string) => letter.toUpperCase());
}

/** `baseUrl` → `base_url`. */
export function toSnakeCase(name: string): string {
  return name.replace(CAMEL, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The same object with every multi-word key twice, camelCase first (API.md §1.2). Only own keys of the
 * view: what stands inside the values is data of owners and upstreams.
 */
export function inBothSpellings(view: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(view);
  return Object.fromEntries([
    ...entries,
    ...entries.map(([key, value]) => [toSnakeCase(key), value] as const),
  ]);
}
