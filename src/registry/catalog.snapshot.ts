import type { Gateway, Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import type { GatewayId, PromptId, ResourceId, ServerId, ToolId } from '../kernel/ids.js';
import { foldName } from '../kernel/names.js';
import { type Changed, changedRecords, changedRows, inOrder } from './changed-rows.js';
import type { HintLimits } from './list-hints.js';
import { PromptRow, ResourceRow, ToolRow } from './rows.js';
import type { ArgumentSchema } from './schema/argument-schema.js';

export interface CatalogRows {
  readonly gateways: readonly Gateway[];
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly prompts: readonly Prompt[];
  readonly servers: readonly Server[];
}

/** Everything that was written since the last Snapshot was made. */
export interface CatalogChange {
  readonly gateways: Changed<Gateway>;
  readonly tools: Changed<Tool>;
  readonly resources: Changed<Resource>;
  readonly prompts: Changed<Prompt>;
  readonly servers: Changed<Server>;
}

export interface SnapshotSettings {
  readonly separator: string;
  /** Our own `serverInfo` as JSON text. */
  readonly serverInfo: string;
  readonly hintLimits: HintLimits;
  readonly compile: (schemaText: string) => ArgumentSchema;
}

/** The catalog as calls read it: immutable, swapped whole. What did not change is the same object as before. */
export interface Snapshot {
  readonly separator: string;
  readonly serverInfo: string;
  readonly hintLimits: HintLimits;
  /** By slug, code units. */
  readonly gateways: ReadonlyMap<GatewayId, Gateway>;
  readonly servers: ReadonlyMap<ServerId, Server>;
  readonly serversByName: ReadonlyMap<string, Server>;
  /** By exposed name, code units. */
  readonly tools: ReadonlyMap<ToolId, ToolRow>;
  /** By exposed name, code units. */
  readonly prompts: ReadonlyMap<PromptId, PromptRow>;
  /** In the order of registration: the first of a URI answers. */
  readonly resources: ReadonlyMap<ResourceId, ResourceRow>;
}

export function emptySnapshot({ separator, serverInfo, hintLimits }: SnapshotSettings): Snapshot {
  return {
    separator,
    serverInfo,
    hintLimits,
    gateways: new Map(),
    servers: new Map(),
    serversByName: new Map(),
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
  };
}

/** The Snapshot of all records there are. */
export function buildSnapshot(rows: CatalogRows, settings: SnapshotSettings): Snapshot {
  const change: CatalogChange = {
    gateways: added(rows.gateways),
    tools: added(rows.tools),
    resources: added(rows.resources),
    prompts: added(rows.prompts),
    servers: added(rows.servers),
  };
  return changedSnapshot(emptySnapshot(settings), change, settings);
}

function added<T extends { readonly id: string }>(rows: readonly T[]): Changed<T> {
  return { ids: new Set(rows.map(({ id }) => id)), rows };
}

/** The Snapshot after a change: equal to one that is made of all records, at the cost of the change. */
export function changedSnapshot(
  before: Snapshot,
  change: CatalogChange,
  { compile }: SnapshotSettings,
): Snapshot {
  const gateways = changedRecords(before.gateways, change.gateways, (g) => g.slug);
  const servers = changedRecords(before.servers, change.servers, (s) => s.name);
  const isSame = gateways === before.gateways;
  return {
    ...before,
    gateways,
    servers,
    serversByName:
      servers === before.servers
        ? before.serversByName
        : new Map(Array.from(servers.values(), (s) => [foldName(s.name), s])),
    tools: changedRows<Tool, ToolRow>(before.tools, change.tools, {
      gateways,
      isSame,
      compare: byName,
      make: (item, gateway) => ToolRow.of(item, gateway, compile),
    }),
    prompts: changedRows<Prompt, PromptRow>(before.prompts, change.prompts, {
      gateways,
      isSame,
      compare: byName,
      make: (item, gateway) => new PromptRow(item, gateway),
    }),
    resources: changedRows<Resource, ResourceRow>(before.resources, change.resources, {
      gateways,
      isSame,
      compare: byRegistration,
      make: (item, gateway) => new ResourceRow(item, gateway),
    }),
  };
}

function byName({ item: a }: ToolRow | PromptRow, { item: b }: ToolRow | PromptRow): number {
  return inOrder(a.name, b.name) || inOrder(a.id, b.id);
}

function byRegistration(a: ResourceRow, b: ResourceRow): number {
  return (
    inOrder(a.gateway.createdAt, b.gateway.createdAt) ||
    inOrder(a.gateway.id, b.gateway.id) ||
    inOrder(a.item.uri, b.item.uri) ||
    inOrder(a.item.createdAt, b.item.createdAt) ||
    inOrder(a.item.id, b.item.id)
  );
}
