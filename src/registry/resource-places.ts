import type { ResourceRow } from './rows.js';

export interface PlacedResource {
  readonly row: ResourceRow;
  /** The URI as shown: the upstream's, or with a prefix. */
  readonly uri: string;
  /** The slug in the shown URI where an earlier Gateway has it too; '' else. */
  readonly slug: string;
}

const UI = 'ui://';

/** The shown form of a URI. Hosts know apps by their scheme: it stays in front (PROTOCOL.md §5.9). */
export function shownUri(slug: string, uri: string): string {
  if (slug === '') return uri;
  return isApp(uri) ? `${UI}${slug}+${uri.slice(UI.length)}` : `${slug}+${uri}`;
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
 * others are left out, but for pages of apps, to which the tools of the others lead; those, and all in a
 * Server that holds both, carry the slug of the later (PROTOCOL.md §6.2, ADR 0010).
 */
export function placeResources(rows: readonly ResourceRow[], inServer: boolean): PlacedResource[] {
  const taken = new Set<string>();
  const places: PlacedResource[] = [];
  for (const row of rows) {
    const { uri, enabled } = row.item;
    if (!inServer && !(enabled && row.gateway.enabled)) continue;
    const isTaken = taken.has(uri);
    if (isTaken && !inServer && !isApp(uri)) continue;
    taken.add(uri);
    const slug = isTaken ? row.gateway.slug : '';
    places.push({ row, uri: shownUri(slug, uri), slug });
  }
  return places;
}

function isApp(uri: string): boolean {
  return uri.startsWith(UI);
}

/** The resources of which another Gateway's answers globally. @returns shadowed id → id that answers */
export function shadows(rows: Iterable<ResourceRow>): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  const shadowed = new Map<string, string>();
  for (const { item, gateway } of rows) {
    if (!item.enabled || !gateway.enabled || isApp(item.uri)) continue;
    const answering = first.get(item.uri);
    if (answering === undefined) first.set(item.uri, item.id);
    else shadowed.set(item.id, answering);
  }
  return shadowed;
}
