import type { Gateway, Server } from '../kernel/catalog.js';
import { collisionName, exposedName, foldName, originalForm } from '../kernel/names.js';

interface Named {
  readonly gateway: Gateway;
  readonly item: {
    readonly id: string;
    readonly originalName: string;
    readonly customName: string | null;
    readonly name: string;
  };
}

/** The names of the members as a Server's `nameMode` says; unique under case fold (PROTOCOL.md §6.2). */
export function shownNames(
  rows: readonly Named[],
  server: Server | null,
  separator: string,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  if (!server || server.nameMode === 'gateway') return names;
  const original = ({ item }: Named): string => originalForm(item.customName ?? item.originalName);
  const prefixed = ({ item, gateway }: Named): string =>
    exposedName(gateway.slug, item.customName ?? item.originalName, separator);
  const counts = new Map<string, number>();
  if (server.nameMode === 'original')
    for (const row of rows) {
      const folded = foldName(original(row));
      counts.set(folded, (counts.get(folded) ?? 0) + 1);
    }
  const taken = new Set<string>(counts.keys());
  for (const row of rows) {
    const own = original(row);
    let name = own;
    if (counts.get(foldName(own)) !== 1) {
      name = prefixed(row);
      if (taken.has(foldName(name)))
        name = collisionName(name, row.gateway.id, row.item.originalName);
      taken.add(foldName(name));
    }
    names.set(row.item.id, name);
  }
  return names;
}
