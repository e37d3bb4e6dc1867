import { Injectable } from '@nestjs/common';
import { modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor, Caller } from '../kernel/caller.js';
import type { Prompt } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid, type PromptId } from '../kernel/ids.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogService } from './catalog.service.js';
import { isAvailable } from './available.js';
import { requireVersion } from './faults.js';
import { filterRecords, type ListPage, type ListQuery, pageOf } from './listing.js';
import { visibleRows } from './visible-rows.js';

/** Federated prompts as people manage them. */
@Injectable()
export class PromptsService {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly catalog: CatalogService,
    private readonly sealer: Sealer,
  ) {}

  /** @throws GatewayError `invalid_cursor`, `validation_failed` */
  list(query: ListQuery, caller: Caller): ListPage<Prompt> {
    const rows = visibleRows(this.catalog.snapshot, caller).prompts;
    const up = new Map(rows.map(({ item, gateway }) => [item.id, isAvailable(gateway)]));
    const found = filterRecords(
      rows.map((row) => row.item),
      query,
      {
        texts: (p) => [p.name, p.definition],
        gatewayId: (p) => p.gatewayId,
        reachable: (p) => up.get(p.id) ?? false,
      },
    );
    return pageOf(found, query, caller.principal, this.sealer);
  }

  /** By id, exposed name or unambiguous original name. @throws GatewayError `prompt_not_found` */
  get(idOrName: string, caller: Caller): Prompt {
    const id = parseUuid<PromptId>(idOrName);
    const rows = visibleRows(this.catalog.snapshot, caller).prompts.map((row) => row.item);
    const aliases = rows.filter((p) => p.originalName === idOrName);
    const prompt =
      rows.find((p) => p.id === id || p.name === idOrName) ??
      (aliases.length === 1 ? aliases[0] : undefined);
    if (!prompt) throw new GatewayError('prompt_not_found', { name: idOrName });
    return prompt;
  }

  /** The same state again changes nothing. @throws GatewayError `prompt_not_found`, `precondition_failed` */
  setEnabled(id: PromptId, enabled: boolean, actor: Actor, ifVersion?: number): Promise<Prompt> {
    return this.changes.write({ kind: 'Prompt', name: id }, async (r) => {
      const before = await r.prompts.find(id);
      if (!before) throw new GatewayError('prompt_not_found', { name: id });
      requireVersion(before, ifVersion);
      if (before.enabled === enabled) return before;
      const { version: _, ...stamp } = modifiedStamp(actor, new Date(), before);
      await r.prompts.update(id, { ...stamp, enabled });
      return { ...before, ...stamp, enabled };
    });
  }
}
