import { Injectable } from '@nestjs/common';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { type GatewayId, parseUuid } from '../kernel/ids.js';
import { foldName } from '../kernel/names.js';
import { CatalogService } from '../registry/catalog.service.js';

/** Gateways of the Snapshot, for views and filters of what came from them. */
@Injectable()
export class GatewayLookup {
  constructor(private readonly catalog: CatalogService) {}

  /** Of an item in the Snapshot. @throws GatewayError `gateway_not_found` when it went meanwhile */
  of(item: { readonly gatewayId: GatewayId }): Gateway {
    const gateway = this.catalog.snapshot.gateways.get(item.gatewayId);
    if (gateway === undefined)
      throw new GatewayError('gateway_not_found', { name: item.gatewayId });
    return gateway;
  }

  /** By id, name or slug. */
  readonly idOf = (text: string): GatewayId | undefined => {
    const id = parseUuid<GatewayId>(text);
    const { gateways } = this.catalog.snapshot;
    if (id !== undefined && gateways.has(id)) return id;
    const wanted = foldName(text);
    return [...gateways.values()].find((g) => foldName(g.name) === wanted || g.slug === wanted)?.id;
  };
}
