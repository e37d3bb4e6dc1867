/**
 * A JSON value in the one form of RFC 8785: equal values have equal text, whatever the order of keys
 * and the spelling of numbers was.
 * @param value as `JSON.parse` gives it
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = value as Readonly<Record<string, unknown>>;
  // Without a comparator strings are ordered by UTF-16 code units, as RFC 8785 §3.2.3 demands.
  const inside = Object.keys(members)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(members[key])}`);
  return `{${inside.join(',')}}`;
}
