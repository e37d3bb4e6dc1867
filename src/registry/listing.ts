import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Sealer } from '../platform/crypto/sealer.js';

/** Filters and paging of the REST lists (API.md §1.5). */
export interface ListQuery {
  readonly includeInactive?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly tagsAll?: readonly string[] | undefined;
  readonly q?: string | undefined;
  /** `null` = local records. */
  readonly gatewayId?: GatewayId | null | undefined;
  readonly enabled?: boolean | undefined;
  readonly reachable?: boolean | undefined;
  /** `name`, `createdAt`, `updatedAt` or `executionCount`, with `-` before it for the other way. */
  readonly sort?: string | undefined;
  /** 0 or absent = all. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** How often a record was used. */
  readonly executions?: ((id: string) => number) | undefined;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  /** Of all pages. */
  readonly total: number;
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** How a kind of record answers the filters that not all have. */
export interface ListFacets<T> {
  /** Where `q` looks. */
  texts(item: T): readonly (string | null)[];
  gatewayId?(item: T): GatewayId | null;
  reachable?(item: T): boolean;
}

const SORTS = ['name', 'createdAt', 'updatedAt', 'executionCount'] as const;
/** Digits of the greatest count, so that counts sort as texts. */
const COUNT_DIGITS = 16;
type SortField = (typeof SORTS)[number];
const CURSOR_LIFE_MS = 3_600_000;

export function filterRecords<T extends Listed>(
  items: Iterable<T>,
  query: ListQuery,
  facets: ListFacets<T>,
): T[] {
  const needle = query.q?.toLowerCase();
  const tests: ((item: T) => boolean)[] = [];
  if (query.enabled !== undefined) tests.push((item) => item.enabled === query.enabled);
  else if (query.includeInactive !== true) tests.push((item) => item.enabled);
  const { tags, tagsAll, gatewayId, reachable } = query;
  if (tags?.length) tests.push((item) => tags.some((tag) => item.tags.includes(tag)));
  if (tagsAll?.length) tests.push((item) => tagsAll.every((tag) => item.tags.includes(tag)));
  if (needle)
    tests.push((item) => facets.texts(item).some((text) => text?.toLowerCase().includes(needle)));
  if (gatewayId !== undefined) tests.push((item) => facets.gatewayId?.(item) === gatewayId);
  if (reachable !== undefined) tests.push((item) => facets.reachable?.(item) === reachable);
  return [...items].filter((item) => tests.every((test) => test(item)));
}

/**
 * Sorts and cuts. A cursor is the sealed place of the last record, bound to principal and filters, for an hour.
 * @throws GatewayError `invalid_cursor`, `validation_failed`
 */
export function pageOf<T extends Listed>(
  items: readonly T[],
  query: ListQuery,
  principal: string,
  sealer: Sealer,
): ListPage<T> {
  const { field, isDown } = sortOf(query.sort);
  const keyed = items.map((item) => ({
    item,
    key: [sortKey(item, field, query), item.id] as const,
  }));
  keyed.sort((a, b) => compare(a.key, b.key) * (isDown ? -1 : 1));
  const binding = `${principal}\n${bindingOf(query)}`;
  const after = query.cursor === undefined ? null : openCursor(query.cursor, binding, sealer);
  const rest = after
    ? keyed.filter(({ key }) => compare(key, after) * (isDown ? -1 : 1) > 0)
    : keyed;
  const limit = query.limit ?? 0;
  const chosen = limit > 0 ? rest.slice(0, limit) : rest;
  const last = chosen[chosen.length - 1];
  const isWhole = chosen.length === rest.length || last === undefined;
  return {
    items: chosen.map(({ item }) => item),
    nextCursor: isWhole ? null : sealCursor(last.key, binding, sealer),
    total: items.length,
  };
}

function sortKey(item: Listed, field: SortField, { executions }: ListQuery): string {
  if (field !== 'executionCount') return item[field];
  return String(executions?.(item.id) ?? 0).padStart(COUNT_DIGITS, '0');
}

type Key = readonly [string, string];

function compare(a: Key, b: Key): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

function sortOf(sort = 'name'): { field: SortField; isDown: boolean } {
  const isDown = sort.startsWith('-');
  const field = SORTS.find((known) => known === sort.slice(isDown ? 1 : 0));
  if (field) return { field, isDown };
  const detail = `must be one of ${SORTS.join(', ')}`;
  throw new GatewayError(
    'validation_failed',
    { summary: `sort: ${detail}` },
    { errors: [{ pointer: '/sort', detail }] },
  );
}

function bindingOf(query: ListQuery): string {
  const { cursor: _, limit: __, executions: ___, ...filters } = query;
  return JSON.stringify(
    Object.entries(filters)
      .filter(([, v]) => v !== undefined)
      .sort(),
  );
}

function sealCursor(key: Key, binding: string, sealer: Sealer): string {
  return sealer.seal('cursor', JSON.stringify([Date.now() + CURSOR_LIFE_MS, ...key]), binding);
}

function openCursor(cursor: string, binding: string, sealer: Sealer): Key {
  const plain = sealer.open('cursor', cursor, binding);
  if (plain === undefined) throw new GatewayError('invalid_cursor');
  const [until, ...key] = JSON.parse(plain) as [number, string, string];
  if (Date.now() > until) throw new GatewayError('invalid_cursor');
  return key;
}
