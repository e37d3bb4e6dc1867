/**
 * Whether all items differ, as JSON values. Linear, where ajv compares each with each.
 * @returns false also for more than `limit` items
 */
export function areUnique(items: readonly unknown[], limit: number): boolean {
  if (items.length > limit) return false;
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonical(item);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

/** JSON text that is equal for equal values, whatever the order of keys, and for no others. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null) return member;
    if (Array.isArray(member)) return ['array', ...(member as unknown[])];
    return ['object', ...Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))];
  });
}
