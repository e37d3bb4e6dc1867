import type { Gateway, Prompt, Resource, SkippedItem, Tool } from '../kernel/catalog.js';
import type { PromptId, ResourceId, ToolId } from '../kernel/ids.js';
import { isDisplayName, isUpstreamToolName, LONG_NAME_LENGTH } from '../kernel/names.js';
import type { Discovered, DiscoveredItem } from './discovered.js';
import { membersOf } from './item-text.js';
import type { Judgement } from './schema/judge.js';
import { freeName, type ItemStamps, type TakenNames } from './sync-names.js';

/** What must be written so that the stored items are those that were found. */
export interface Plan<T> {
  readonly insert: T[];
  readonly update: { readonly id: string; readonly patch: Partial<T> }[];
  readonly remove: string[];
}

export interface PlanContext {
  readonly gateway: Gateway;
  readonly stamps: ItemStamps;
  readonly taken: TakenNames;
  readonly separator: string;
  /** What was found about the input schemas of the tools, by their text. */
  readonly schemas: ReadonlyMap<string, Judgement>;
  /** Items that are left out are added here. */
  readonly skipped: SkippedItem[];
}

/** How one kind of item is checked, made and brought up to date. */
interface ItemKind<T> {
  readonly kind: SkippedItem['kind'];
  /** @returns why an item is left out; `undefined` = it is taken */
  refuse(item: DiscoveredItem): string | undefined;
  create(item: DiscoveredItem): T;
  refresh(item: DiscoveredItem): Partial<T>;
}

type Row = { readonly id: string; readonly definition: string; readonly version: number };

function plan<T extends Row>(
  existing: ReadonlyMap<string, T>,
  items: readonly DiscoveredItem[],
  kind: ItemKind<T>,
  context: PlanContext,
): Plan<T> {
  const result: Plan<T> = { insert: [], update: [], remove: [] };
  const seen = new Set<string>();
  for (const item of items) {
    const row = existing.get(item.name);
    const isSame = row?.definition === item.text;
    const reason = seen.has(item.name)
      ? 'the same name twice'
      : isSame
        ? undefined
        : kind.refuse(item);
    if (reason !== undefined) {
      context.skipped.push({ kind: kind.kind, name: item.name.slice(0, 255), reason });
      continue;
    }
    seen.add(item.name);
    if (isSame) continue;
    if (!row) result.insert.push(kind.create(item));
    else {
      const patch = { ...kind.refresh(item), ...context.stamps.modified(row) } as Partial<T>;
      result.update.push({ id: row.id, patch });
    }
  }
  for (const [name, row] of existing) if (!seen.has(name)) result.remove.push(row.id);
  return result;
}

const byOriginal = <T extends { readonly originalName: string }>(
  rows: readonly T[],
): Map<string, T> => new Map(rows.map((row) => [row.originalName, row]));

function newName(context: PlanContext, original: string): string {
  const name = freeName(context.gateway, original, context.taken, context.separator);
  context.taken.claim(name);
  return name;
}

const common = (context: PlanContext) =>
  ({
    ...context.stamps.created(),
    enabled: true,
    tags: [],
    meta: {},
    gatewayId: context.gateway.id,
  }) as const;

export function planTools(
  existing: readonly Tool[],
  items: readonly DiscoveredItem[],
  context: PlanContext,
): Plan<Tool> {
  const names = new Map(existing.map((tool) => [tool.originalName, tool.name]));
  const judged = ({ text }: DiscoveredItem): Judgement | undefined =>
    context.schemas.get(inputSchema(text));
  const kind: ItemKind<Tool> = {
    kind: 'tool',
    refuse: (item) => refuseTool(item, judged(item)),
    create: (item) => {
      const name = newName(context, item.name);
      return {
        ...common(context),
        id: context.taken.idFor(context.gateway.slug, 'tool', item.name) as ToolId,
        originalName: item.name,
        customName: null,
        name,
        integrationType: 'MCP',
        definition: item.text,
        displayName: null,
        title: null,
        description: null,
        annotations: null,
        timeoutMs: null,
        maxCallsPerMinute: 0,
        retryable: false,
        warnings: toolWarnings(name, judged(item)),
      };
    },
    refresh: (item) => ({
      definition: item.text,
      warnings: toolWarnings(names.get(item.name) ?? item.name, judged(item)),
    }),
  };
  return plan(byOriginal(existing), items, kind, context);
}

function refuseTool(item: DiscoveredItem, judgement: Judgement | undefined): string | undefined {
  if (!isUpstreamToolName(item.name)) return 'the name is not 1 to 128 visible ASCII characters';
  return judgement?.verdict === 'refused' ? judgement.reason : undefined;
}

/** The input schema of a definition, as text. */
export function inputSchema(definition: string): string {
  return membersOf(definition).raw('inputSchema') ?? '{}';
}

const UNCHECKED = 'Arguments are not checked: ';

/** Facts that the owner should know of a tool that is served all the same. */
function toolWarnings(name: string, judgement: Judgement | undefined): string[] {
  const warnings = nameWarnings(name);
  if (judgement?.verdict === 'unenforced') warnings.push(UNCHECKED + judgement.reason);
  return warnings;
}

function nameWarnings(name: string): string[] {
  return name.length > LONG_NAME_LENGTH
    ? [`The name is longer than ${String(LONG_NAME_LENGTH)} characters`]
    : [];
}

/** The warnings of a tool under a new name. */
export function renamedWarnings(name: string, before: readonly string[]): string[] {
  return [...nameWarnings(name), ...before.filter((text) => text.startsWith(UNCHECKED))];
}

export function planPrompts(
  existing: readonly Prompt[],
  items: readonly DiscoveredItem[],
  context: PlanContext,
): Plan<Prompt> {
  const kind: ItemKind<Prompt> = {
    kind: 'prompt',
    refuse: (item) =>
      isDisplayName(item.name) ? undefined : 'the name holds what cannot be shown',
    create: (item) => ({
      ...common(context),
      id: context.taken.idFor(context.gateway.slug, 'prompt', item.name) as PromptId,
      originalName: item.name,
      customName: null,
      name: newName(context, item.name),
      definition: item.text,
    }),
    refresh: (item) => ({ definition: item.text }),
  };
  return plan(byOriginal(existing), items, kind, context);
}

/** Resources and templates are two lists of one kind of record: each may fail alone. */
export function planResources(
  existing: readonly Resource[],
  found: Discovered,
  context: PlanContext,
): Plan<Resource> {
  const plans = [false, true].map((isTemplate) => {
    const items = isTemplate ? found.resourceTemplates : found.resources;
    if (!items) return { insert: [], update: [], remove: [] };
    const old = existing.filter((row) => row.isTemplate === isTemplate);
    const rows = new Map(old.map((row) => [row.uri, row]));
    return plan(rows, items, resourceKind(isTemplate, context), context);
  });
  return {
    insert: plans.flatMap((p) => p.insert),
    update: plans.flatMap((p) => p.update),
    remove: plans.flatMap((p) => p.remove),
  };
}

const VISIBLE_URI = /^[^\p{Cc}\s]{1,4096}$/u;

function resourceKind(isTemplate: boolean, context: PlanContext): ItemKind<Resource> {
  const kind = isTemplate ? 'resource_template' : 'resource';
  const read = (item: DiscoveredItem): Pick<Resource, 'name' | 'mimeType' | 'definition'> => {
    const members = membersOf(item.text);
    return {
      name: (members.string('name') ?? item.name).slice(0, 255),
      mimeType: members.string('mimeType') ?? null,
      definition: item.text,
    };
  };
  return {
    kind,
    refuse: (item) => (VISIBLE_URI.test(item.name) ? undefined : 'the URI is not usable'),
    create: (item) => ({
      ...common(context),
      id: context.taken.idFor(context.gateway.slug, kind, item.name) as ResourceId,
      uri: item.name,
      isTemplate,
      ...read(item),
    }),
    refresh: read,
  };
}
