import { Injectable } from '@nestjs/common';
import { modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor, Caller } from '../kernel/caller.js';
import type { Resource } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid, type ResourceId } from '../kernel/ids.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogService } from './catalog.service.js';
import { isAvailable } from './available.js';
import { requireVersion } from './faults.js';
import { filterRecords, type ListPage, type ListQuery, pageOf } from './listing.js';
import { shadows } from './resource-places.js';
import { visibleRows } from './visible-rows.js';

/** Federated resources and templates as people manage them. */
@Injectable()
export class ResourcesService {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly catalog: CatalogService,
    private readonly sealer: Sealer,
  ) {}

  /** @throws GatewayError `invalid_cursor`, `validation_failed` */
  list(query: ListQuery, caller: Caller): ListPage<Resource> {
    const rows = visibleRows(this.catalog.snapshot, caller).resources;
    const up = new Map(rows.map(({ item, gateway }) => [item.id, isAvailable(gateway)]));
    const found = filterRecords(
      rows.map((row) => row.item),
      query,
      {
        texts: (r) => [r.name, r.uri, r.definition],
        gatewayId: (r) => r.gatewayId,
        reachable: (r) => up.get(r.id) ?? false,
      },
    );
    return pageOf(found, query, caller.principal, this.sealer);
  }

  /** By id or URI; of several the one that answers. @throws GatewayError `resource_not_found` */
  get(idOrUri: string, caller: Caller): Resource {
    const id = parseUuid<ResourceId>(idOrUri);
    const rows = visibleRows(this.catalog.snapshot, caller).resources;
    const row =
      rows.find(({ item }) => item.id === id) ?? rows.find(({ item }) => item.uri === idOrUri);
    if (!row) throw new GatewayError('resource_not_found', { uri: idOrUri });
    return row.item;
  }

  /** The URI by which calls of this Caller name it, outside of Servers. */
  uriOf({ gatewayId, uri }: Resource, caller: Caller): string {
    return this.catalog.view(caller, null).uris(gatewayId)?.of(uri) ?? uri;
  }

  /** Ids of resources whose URI another Gateway answers globally → the id that answers. */
  shadowed(): ReadonlyMap<string, string> {
    return shadows(this.catalog.snapshot.resources.values());
  }

  /** The same state again changes nothing. @throws GatewayError `resource_not_found`, `precondition_failed` */
  setEnabled(
    id: ResourceId,
    enabled: boolean,
    actor: Actor,
    ifVersion?: number,
  ): Promise<Resource> {
    return this.changes.write({ kind: 'Resource', name: id }, async (r) => {
      const before = await r.resources.find(id);
      if (!before) throw new GatewayError('resource_not_found', { uri: id });
      requireVersion(before, ifVersion);
      if (before.enabled === enabled) return before;
      const { version: _, ...stamp } = modifiedStamp(actor, new Date(), before);
      await r.resources.update(id, { ...stamp, enabled });
      return { ...before, ...stamp, enabled };
    });
  }
}
