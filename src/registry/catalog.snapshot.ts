import type { Gateway, Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import { runsOnlyAsTask } from '../kernel/core-tasks.js';
import type { GatewayId, PromptId, ResourceId, ServerId, ToolId } from '../kernel/ids.js';
import { foldName } from '../kernel/names.js';
import { compileTemplate, type UriTemplate } from '../kernel/uri-template.js';
import type { ArgumentSchema } from './schema/argument-schema.js';
import { membersOf } from './item-text.js';
import type { HintLimits } from './list-hints.js';

export interface CatalogRows {
  readonly gateways: readonly Gateway[];
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly prompts: readonly Prompt[];
  readonly servers: readonly Server[];
}

export interface SnapshotSettings {
  readonly separator: string;
  /** Our own `serverInfo` as JSON text. */
  readonly serverInfo: string;
  readonly hintLimits: HintLimits;
  compile(schemaText: string): ArgumentSchema;
}

export interface ToolRow {
  readonly item: Tool;
  readonly gateway: Gateway;
  readonly schema: () => ArgumentSchema;
  /** Whether it runs as a task of 2025-11-25 only. */
  readonly isTaskOnly: () => boolean;
}
export interface PromptRow {
  readonly item: Prompt;
  readonly gateway: Gateway;
}
export interface ResourceRow {
  readonly item: Resource;
  readonly gateway: Gateway;
  /** The matcher of a template; `undefined` when it is none, or cannot be matched. */
  template(): UriTemplate | undefined;
}

/** The catalog as calls read it: immutable, swapped whole. */
export interface Snapshot {
  readonly separator: string;
  readonly serverInfo: string;
  readonly hintLimits: HintLimits;
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

export function buildSnapshot(rows: CatalogRows, settings: SnapshotSettings): Snapshot {
  const gateways = new Map(sorted(rows.gateways, (g) => g.slug).map((g) => [g.id, g]));
  const age = new Map(
    sorted(rows.gateways, (g) => `${g.createdAt} ${g.id}`).map((g, i) => [g.id, i]),
  );
  return {
    separator: settings.separator,
    serverInfo: settings.serverInfo,
    hintLimits: settings.hintLimits,
    gateways,
    servers: new Map(sorted(rows.servers, (s) => s.name).map((s) => [s.id, s])),
    serversByName: new Map(rows.servers.map((s) => [foldName(s.name), s])),
    tools: joined(sorted(rows.tools, byName), gateways, (item, gateway) =>
      toolRow(item, gateway, settings),
    ),
    prompts: joined(sorted(rows.prompts, byName), gateways, (item, gateway) => ({
      item,
      gateway,
    })),
    resources: joined(
      sorted(rows.resources, (r) => r.uri).sort(
        (a, b) => (age.get(a.gatewayId) ?? 0) - (age.get(b.gatewayId) ?? 0),
      ),
      gateways,
      resourceRow,
    ),
  };
}

const byName = (item: { readonly name: string }): string => item.name;

/** Sorted by code units, so equal on all replicas. */
export function sorted<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  const keyed = Array.from(items, (item) => ({ item, key: key(item) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** Items with their Gateway, by id; those whose Gateway is gone are left out. */
function joined<I extends { readonly id: string; readonly gatewayId: GatewayId }, R>(
  items: readonly I[],
  gateways: ReadonlyMap<GatewayId, Gateway>,
  row: (item: I, gateway: Gateway) => R,
): Map<I['id'], R> {
  const map = new Map<I['id'], R>();
  for (const item of items) {
    const gateway = gateways.get(item.gatewayId);
    if (gateway) map.set(item.id, row(item, gateway));
  }
  return map;
}

function toolRow(item: Tool, gateway: Gateway, settings: SnapshotSettings): ToolRow {
  let compiled: ArgumentSchema | undefined;
  let isTaskOnly: boolean | undefined;
  return {
    item,
    gateway,
    schema: () =>
      (compiled ??= settings.compile(membersOf(item.definition).raw('inputSchema') ?? '{}')),
    isTaskOnly: () => (isTaskOnly ??= runsOnlyAsTask(item.definition, gateway)),
  };
}

function resourceRow(item: Resource, gateway: Gateway): ResourceRow {
  let compiled: UriTemplate | null | undefined;
  return {
    item,
    gateway,
    template: () => {
      if (compiled === undefined)
        compiled = (item.isTemplate ? compileTemplate(item.uri) : undefined) ?? null;
      return compiled ?? undefined;
    },
  };
}

/** Whether the items of a Gateway are listed and can be called now. */
export function isAvailable(gateway: Gateway): boolean {
  return gateway.enabled && gateway.status !== 'unhealthy' && gateway.status !== 'pending';
}
