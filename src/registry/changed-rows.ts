import type { Gateway } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';

/** Records of one kind that were written: those of `ids` that are not among `rows` are gone. */
export interface Changed<T> {
  readonly ids: ReadonlySet<string>;
  readonly rows: readonly T[];
}

/** By code units, so equal on all replicas. */
export function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Few records, by a key. */
export function changedRecords<T extends { readonly id: string }>(
  before: ReadonlyMap<T['id'], T>,
  { ids, rows }: Changed<T>,
  key: (record: T) => string,
): ReadonlyMap<T['id'], T> {
  if (ids.size === 0) return before;
  const all = [...before.values()].filter(({ id }) => !ids.has(id));
  all.push(...rows);
  all.sort((a, b) => inOrder(key(a), key(b)) || inOrder(a.id, b.id));
  return new Map(all.map((record) => [record.id, record]));
}

interface Item {
  readonly id: string;
  readonly gatewayId: GatewayId;
}
interface Row<I, R> {
  readonly item: I;
  readonly gateway: Gateway;
  withGateway(gateway: Gateway): R;
}

export interface RowKind<I, R> {
  readonly gateways: ReadonlyMap<GatewayId, Gateway>;
  /** Whether no Gateway changed. */
  readonly isSame: boolean;
  /** 0 only for the same item, so that the order is one. */
  readonly compare: (a: R, b: R) => number;
  readonly make: (item: I, gateway: Gateway) => R;
}

/** Many items with their Gateways, by id, in their order; those whose Gateway is gone are left out. */
export function changedRows<I extends Item, R extends Row<I, R>>(
  before: ReadonlyMap<I['id'], R>,
  { ids, rows }: Changed<I>,
  kind: RowKind<I, R>,
): ReadonlyMap<I['id'], R> {
  if (ids.size === 0 && kind.isSame) return before;
  const fresh: R[] = [];
  for (const item of rows) {
    const gateway = kind.gateways.get(item.gatewayId);
    if (gateway) fresh.push(kind.make(item, gateway));
  }
  fresh.sort((a, b) => kind.compare(a, b));
  const isInPlace =
    fresh.length === ids.size &&
    fresh.every((row) => {
      const old = before.get(row.item.id);
      return old !== undefined && kind.compare(old, row) === 0;
    });
  return isInPlace ? replaced(before, fresh, kind) : merged(before, ids, fresh, kind);
}

/** Nothing comes, goes or moves: a copy, which is quick, and some rows of it set. */
function replaced<I extends Item, R extends Row<I, R>>(
  before: ReadonlyMap<I['id'], R>,
  fresh: readonly R[],
  { gateways, isSame }: RowKind<I, R>,
): ReadonlyMap<I['id'], R> {
  const after = new Map(before);
  if (!isSame)
    for (const row of before.values()) {
      const gateway = gateways.get(row.gateway.id);
      if (gateway === undefined) after.delete(row.item.id);
      else if (gateway !== row.gateway) after.set(row.item.id, row.withGateway(gateway));
    }
  for (const row of fresh) after.set(row.item.id, row);
  return after;
}

function merged<I extends Item, R extends Row<I, R>>(
  before: ReadonlyMap<I['id'], R>,
  ids: ReadonlySet<string>,
  fresh: readonly R[],
  { gateways, isSame, compare }: RowKind<I, R>,
): ReadonlyMap<I['id'], R> {
  const after = new Map<I['id'], R>();
  let next = 0;
  for (const old of before.values()) {
    const { id } = old.item;
    const gateway = isSame ? old.gateway : gateways.get(old.gateway.id);
    if (gateway === undefined || ids.has(id)) continue;
    const row = gateway === old.gateway ? old : old.withGateway(gateway);
    for (let one = fresh[next]; one && compare(one, row) < 0; one = fresh[++next])
      after.set(one.item.id, one);
    after.set(id, row);
  }
  for (const one of fresh.slice(next)) after.set(one.item.id, one);
  return after;
}
