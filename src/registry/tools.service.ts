import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor, Caller } from '../kernel/caller.js';
import type { JsonObject, Tool } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid, type ToolId } from '../kernel/ids.js';
import { exposedName, foldName, originalForm } from '../kernel/names.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogService } from './catalog.service.js';
import { isAvailable } from './available.js';
import { Faults, requireVersion } from './faults.js';
import { filterRecords, type ListPage, type ListQuery, pageOf } from './listing.js';
import { renamedWarnings } from './sync-plan.js';
import { type TagInput, toTags } from './tags.js';
import { visibleRows } from './visible-rows.js';

/** What an owner may change of a federated tool; `null` = the upstream's word again. */
export interface ToolPatch {
  readonly customName?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly annotations?: JsonObject | null | undefined;
  readonly tags?: TagInput | undefined;
  readonly meta?: JsonObject | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly maxCallsPerMinute?: number | undefined;
  readonly retryable?: boolean | undefined;
}

/** Tools as people manage them. */
@Injectable()
export class ToolsService {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly catalog: CatalogService,
    private readonly config: Config,
    private readonly sealer: Sealer,
  ) {}

  /** @throws GatewayError `invalid_cursor`, `validation_failed` */
  list(query: ListQuery, caller: Caller): ListPage<Tool> {
    const { snapshot } = this.catalog;
    const rows = visibleRows(snapshot, caller).tools;
    const up = new Map(rows.map(({ item, gateway }) => [item.id, isAvailable(gateway)]));
    const found = filterRecords(
      rows.map((row) => row.item),
      query,
      {
        texts: (t) => [t.name, t.displayName, t.title, t.description, t.definition],
        gatewayId: (t) => t.gatewayId,
        reachable: (t) => up.get(t.id) ?? false,
      },
    );
    return pageOf(found, query, caller.principal, this.sealer);
  }

  /** By id, exposed name or unambiguous alias. @throws GatewayError `tool_not_found` */
  get(idOrName: string, caller: Caller): Tool {
    const id = parseUuid<ToolId>(idOrName);
    const rows = visibleRows(this.catalog.snapshot, caller).tools.map((row) => row.item);
    const tool =
      rows.find((t) => t.id === id || t.name === idOrName) ??
      only(rows.filter((t) => t.customName === idOrName || t.originalName === idOrName));
    if (!tool) throw new GatewayError('tool_not_found', { name: idOrName });
    return tool;
  }

  /** @throws GatewayError `validation_failed`, `name_conflict`, `tool_not_found`, `precondition_failed` */
  update(id: ToolId, patch: ToolPatch, actor: Actor, ifVersion?: number): Promise<Tool> {
    const fields = checkedFields(patch);
    return this.changes.write({ kind: 'Tool', name: patch.customName ?? id }, async (r) => {
      const before = await r.tools.find(id);
      if (!before) throw new GatewayError('tool_not_found', { name: id });
      requireVersion(before, ifVersion);
      const name = this.nameAfter(before, patch);
      if (!same(name, before.name) && (await r.tools.takenNames([name])).length > 0)
        throw new GatewayError('name_conflict', { kind: 'Tool', name });
      const warnings = renamedWarnings(name, before.warnings);
      const stamp = modifiedStamp(actor, new Date(), before);
      const after: Tool = { ...before, ...fields, name, warnings, ...stamp };
      await r.tools.update(id, after);
      return after;
    });
  }

  /** The same state again changes nothing. @throws GatewayError `tool_not_found`, `precondition_failed` */
  setEnabled(id: ToolId, enabled: boolean, actor: Actor, ifVersion?: number): Promise<Tool> {
    return this.changes.write({ kind: 'Tool', name: id }, async (r) => {
      const before = await r.tools.find(id);
      if (!before) throw new GatewayError('tool_not_found', { name: id });
      requireVersion(before, ifVersion);
      const { version: _, ...stamp } = modifiedStamp(actor, new Date(), before);
      if (before.enabled === enabled) return before;
      await r.tools.update(id, { ...stamp, enabled });
      return { ...before, ...stamp, enabled };
    });
  }

  /** Gone until the next refresh finds it. @throws GatewayError `tool_not_found`, `precondition_failed` */
  async delete(id: ToolId, ifVersion?: number): Promise<void> {
    await this.changes.write({ kind: 'Tool', name: id }, async (r) => {
      const before = await r.tools.find(id);
      if (!before) throw new GatewayError('tool_not_found', { name: id });
      requireVersion(before, ifVersion);
      await r.tools.delete(id);
    });
  }

  private nameAfter(tool: Tool, patch: ToolPatch): string {
    if (patch.customName === undefined || patch.customName === tool.customName) return tool.name;
    const gateway = this.catalog.snapshot.gateways.get(tool.gatewayId);
    const wanted = patch.customName ?? tool.originalName;
    return gateway?.nameMode === 'original'
      ? originalForm(wanted)
      : exposedName(gateway?.slug ?? '', wanted, this.config.gatewayToolNameSeparator);
  }
}

function same(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

const CUSTOM_NAME = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,127}$/;

function checkedFields(patch: ToolPatch): Partial<Tool> {
  const faults = new Faults();
  const { tags, ...rest } = patch;
  const isShort = (text: string | null | undefined): boolean => (text ?? '').length <= 255;
  const isSmall = (value: unknown): boolean => JSON.stringify(value ?? {}).length <= 16_384;
  const isCount = (n: number | null | undefined, least: number, most: number): boolean =>
    n === undefined || n === null || (Number.isInteger(n) && n >= least && n <= most);
  faults.check(
    patch.customName === undefined ||
      patch.customName === null ||
      CUSTOM_NAME.test(patch.customName),
    '/customName',
    'must be 1 to 128 of A-Z a-z 0-9 . _ / - and start with a letter, a digit or _',
  );
  faults.check(isShort(patch.displayName), '/displayName', 'is longer than 255');
  faults.check(isShort(patch.title), '/title', 'is longer than 255');
  faults.check((patch.description ?? '').length <= 8192, '/description', 'is longer than 8192');
  faults.check(isSmall(patch.annotations), '/annotations', 'is larger than 16 KiB');
  faults.check(isSmall(patch.meta), '/_meta', 'is larger than 16 KiB');
  faults.check(isCount(patch.timeoutMs, 1, 900_000), '/timeoutMs', 'must be 1 to 900000');
  faults.check(isCount(patch.maxCallsPerMinute, 0, 1e6), '/maxCallsPerMinute', 'must be 0 or more');
  const cleanTags = tags && toTags(tags, faults);
  faults.throwIfAny();
  const set = Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== undefined));
  return { ...(set as Partial<Tool>), ...(cleanTags ? { tags: cleanTags } : {}) };
}
