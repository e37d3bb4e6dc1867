import type { ResourceRow } from './rows.js';

export interface PlacedResource {
  readonly row: ResourceRow;
  /** The URI as shown: the upstream's, or with a prefix. */
  readonly uri: string;
  /** The slug in the shown URI where two Gateways of a Server offer one; '' else. */
  readonly slug: string;
}

const UI = 'ui://';

/** The shown form of a URI. Hosts know apps by their scheme: it stays in front (PROTOCOL.md §5.9). */
export function shownUri(slug: string, uri: string): string {
  if (slug === '') return uri;
  return uri.startsWith(UI) ? `${UI}${slug}+${uri.slice(UI.length)}` : `${slug}+${uri}`;
}

/** What `shownUri` was made of; `undefined` when it was made of nothing with that slug. */
export function ownUri(slug: string, shown: string): string | undefined {
  if (slug === '') return shown;
  const app = `${UI}${slug}+`;
  if (shown.startsWith(app)) return UI + shown.slice(app.length);
  return shown.startsWith(`${slug}+`) ? shown.slice(slug.length + 1) : undefined;
}

/**
 * Gives each resource its URI. One URI from two Gateways: globally the first registered answers and the
 * others are left out; in a Server that holds both, the later carries its slug (PROTOCOL.md §6.2).
 */
export function placeResources(rows: readonly ResourceRow[], inServer: boolean): PlacedResource[] {
  const taken = new Set<string>();
  const places: PlacedResource[] = [];
  for (const row of rows) {
    const { uri, enabled } = row.item;
    if (!inServer && !(enabled && row.gateway.enabled)) continue;
    const isTaken = taken.has(uri);
    if (isTaken && !inServer) continue;
    taken.add(uri);
    const slug = isTaken ? row.gateway.slug : '';
    places.push({ row, uri: shownUri(slug, uri), slug });
  }
  return places;
}

/** The resources of which another Gateway's answers globally. @returns shadowed id → id that answers */
export function shadows(rows: Iterable<ResourceRow>): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  const shadowed = new Map<string, string>();
  for (const { item, gateway } of rows) {
    if (!item.enabled || !gateway.enabled) continue;
    const answering = first.get(item.uri);
    if (answering === undefined) first.set(item.uri, item.id);
    else shadowed.set(item.id, answering);
  }
  return shadowed;
}
