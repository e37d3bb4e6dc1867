import type { Condition, Filter, Scalar } from '../port.js';

/** Whether a record satisfies a filter, as a database would judge it. */
export function matches<T>(row: T, filter: Filter<T>): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (condition === undefined) return true;
    if (field === 'or') return condition.some((one) => matches(row, one));
    return satisfies(row[field as keyof T], condition as Condition);
  });
}

function satisfies(value: unknown, condition: Condition): boolean {
  if (condition === null || typeof condition !== 'object') return (value ?? null) === condition;
  if ('in' in condition) return condition.in.includes(value as Scalar);
  if ('inAnyCase' in condition) return isAnyOf(value, condition.inAnyCase);
  if ('ne' in condition) return (value ?? null) !== condition.ne;
  if ('contains' in condition)
    return (
      typeof value === 'string' && value.toLowerCase().includes(condition.contains.toLowerCase())
    );
  if ('has' in condition) return Array.isArray(value) && value.includes(condition.has);
  return isWithin(value, condition);
}

function isAnyOf(value: unknown, texts: readonly string[]): boolean {
  if (typeof value !== 'string') return false;
  return texts.some((text) => text.toLowerCase() === value.toLowerCase());
}

type Range = Extract<Condition, { readonly gt?: Scalar }>;

/** No range has room for null. */
function isWithin(value: unknown, { gt, gte, lt, lte }: Range): boolean {
  if (value === null || value === undefined) return false;
  return (
    (gt === undefined || compare(value, gt) > 0) &&
    (gte === undefined || compare(value, gte) >= 0) &&
    (lt === undefined || compare(value, lt) < 0) &&
    (lte === undefined || compare(value, lte) <= 0)
  );
}

/** Null comes first. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return (a as string) < (b as string) ? -1 : 1;
}
