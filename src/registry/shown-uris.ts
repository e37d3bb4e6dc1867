import type { GatewayId } from '../kernel/ids.js';
import { type PlacedResource, shownUri } from './resource-places.js';

/** The URIs of one Gateway in a view that shows some of them otherwise (PROTOCOL.md §6.2). */
export class ShownUris {
  private readonly exact = new Map<string, string>();
  private readonly templates: PlacedResource[] = [];

  add(place: PlacedResource): void {
    if (place.row.item.isTemplate) this.templates.push(place);
    else this.exact.set(place.row.item.uri, place.uri);
  }

  /** @returns what this view calls a URI of the Gateway; those it does not know stay as they are */
  of(uri: string): string {
    const known = this.exact.get(uri);
    if (known !== undefined) return known;
    const place = this.templates.find(({ row }) => row.template()?.match(uri));
    return place === undefined ? uri : shownUri(place.slug, uri);
  }
}

/** By Gateway; those whose URIs are all shown as they are have none. */
export function urisByGateway(
  places: readonly PlacedResource[],
): ReadonlyMap<GatewayId, ShownUris> {
  const uris = new Map<GatewayId, ShownUris>();
  for (const { row, slug } of places) if (slug !== '') uris.set(row.gateway.id, new ShownUris());
  if (uris.size > 0) for (const place of places) uris.get(place.row.gateway.id)?.add(place);
  return uris;
}
