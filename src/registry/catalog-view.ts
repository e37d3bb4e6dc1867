import { GatewayError } from '../kernel/errors.js';
import type { Gateway, ListHints, Server } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import { type Era, LIST_KINDS, type ListKind } from '../kernel/mcp.js';
import { isAvailable } from './available.js';
import type { Snapshot } from './catalog.snapshot.js';
import type {
  CatalogView,
  Item,
  PromptEntry,
  ResourceEntry,
  ShownList,
  ToolEntry,
} from './entries.js';
import { resourceText } from './item-text.js';
import { hintsOf } from './list-hints.js';
import { type ListFacts, ListText } from './list-text.js';
import { chooseMembers, type Members } from './members.js';
import { NameTable, type Slot } from './name-table.js';
import { ownUri, placeResources, type PlacedResource } from './resource-places.js';
import type { PromptRow, ResourceRow, ToolRow } from './rows.js';
import { shownNames } from './shown-names.js';
import { type ShownUris, urisByGateway } from './shown-uris.js';
import { withShownApp } from './uri-text.js';
import { EVERYTHING, type Visibility } from './visibility.js';

/** Makes what one kind of Caller sees of a Snapshot, globally or of one Server. */
export function buildView(
  snapshot: Snapshot,
  visibility: Visibility,
  server: Server | null,
): CatalogView {
  const members = chooseMembers(snapshot, visibility, server);
  const places = placeResources(members.resources, server !== null);
  const uris = urisByGateway(places);
  const scene = { members, server, separator: snapshot.separator, uris };
  const tools = toolTable(scene);
  const prompts = promptTable(scene);
  const facts: ListFacts = {
    missing: members.gateways.filter((g) => g.enabled && !isAvailable(g)).map((g) => g.name),
    isOrdered: server !== null,
    serverInfo: snapshot.serverInfo,
    hints: hintsOfAll(snapshot, visibility, members.gateways),
  };
  const listed = places.filter(({ row }) => row.item.enabled && isAvailable(row.gateway));
  const resources = (isTemplate: boolean) => (): readonly (readonly [string, string])[] =>
    listed
      .filter(({ row }) => row.item.isTemplate === isTemplate)
      .map(({ row, uri }) => [uri, resourceText(row.item, uri)] as const);
  const lists: Record<ShownList, ListText> = {
    wideTools: new ListText('tools', facts, () => tools.listed().map(wideTool)),
    tools: new ListText('tools', facts, (era) =>
      tools.listed().map((slot) => shownTool(slot, era)),
    ),
    prompts: new ListText('prompts', facts, () =>
      prompts.listed().map(({ entry, row }) => row.shown(entry.shownName)),
    ),
    resources: new ListText('resources', facts, resources(false)),
    resourceTemplates: new ListText('resourceTemplates', facts, resources(true)),
  };
  const placed = (isTemplate: boolean) => () => gatewaysOf(listed, isTemplate);
  const shownGateways: Readonly<Record<ListKind, () => Gateway[]>> = {
    tools: () => tools.listed().map(({ row }) => row.gateway),
    prompts: () => prompts.listed().map(({ row }) => row.gateway),
    resources: placed(false),
    resourceTemplates: placed(true),
  };
  const entryOf = entriesWith(uris);
  const read = resourceReader(places, entryOf);
  return {
    key: `${visibility.key} ${server?.id ?? '*'}`,
    instructions: server?.instructions ?? joinedInstructions(members.gateways),
    gateways: members.gateways,
    capabilities: capabilitiesOf(members.gateways),
    listText: (kind, era) => lists[kind].whole(era),
    listContent: (kind, era) => lists[kind].content(era),
    compared: () =>
      LIST_KINDS.flatMap((kind) => lists[kind].compared().map((era) => [kind, era] as const)),
    page: (kind, page) => lists[kind].page(page),
    uris: (gatewayId) => uris.get(gatewayId) ?? null,
    shows: (gatewayId, kind) => shownGateways[kind]().some(({ id }) => id === gatewayId),
    tool: (name) => tools.get(name),
    prompt: (name) => prompts.get(name),
    resource: read,
    template: templateReader(listed, read, entryOf),
  };
}

/** Those that offer resources, or templates. */
function gatewaysOf(listed: readonly PlacedResource[], isTemplate: boolean): Gateway[] {
  return listed
    .filter(({ row }) => row.item.isTemplate === isTemplate)
    .map(({ row }) => row.gateway);
}

function shownTool({ entry, row }: Slot<ToolEntry, ToolRow>, era: Era): Item {
  return withApp(row.shown(entry.shownName, era), entry);
}

function wideTool({ entry, row }: Slot<ToolEntry, ToolRow>): Item {
  return withApp(row.wide(entry.shownName), entry);
}

function withApp(item: Item, { uris }: ToolEntry): Item {
  return uris === null ? item : [item[0], withShownApp(item[1], uris)];
}

/** What the tables of a view are made of. */
interface Scene {
  readonly members: Members;
  readonly server: Server | null;
  readonly separator: string;
  readonly uris: ReadonlyMap<GatewayId, ShownUris>;
}

function toolTable({ members, server, separator, uris }: Scene): NameTable<ToolEntry, ToolRow> {
  const names = shownNames(members.allTools, server, separator);
  const table = new NameTable<ToolEntry, ToolRow>('Tool', {
    notFound: (name) => new GatewayError('tool_not_found', { name }),
    disabled: (name) => new GatewayError('tool_disabled', { name }),
  });
  for (const row of members.tools) {
    const { id, name } = row.item;
    table.add(row.slot(names.get(id) ?? name, uris.get(row.gateway.id) ?? null));
  }
  return table;
}

function promptTable({
  members,
  server,
  separator,
  uris,
}: Scene): NameTable<PromptEntry, PromptRow> {
  const names = shownNames(members.allPrompts, server, separator);
  const notFound = (name: string): GatewayError => new GatewayError('prompt_not_found', { name });
  const table = new NameTable<PromptEntry, PromptRow>('Prompt', { notFound, disabled: notFound });
  for (const row of members.prompts) {
    const { id, name } = row.item;
    table.add(row.slot(names.get(id) ?? name, uris.get(row.gateway.id) ?? null));
  }
  return table;
}

function resourceReader(
  places: readonly PlacedResource[],
  entryOf: EntryOf,
): (uri: string) => ResourceEntry {
  const exact = new Map<string, ResourceEntry>();
  const templates: PlacedResource[] = [];
  for (const place of places) {
    if (!place.row.item.enabled || !place.row.gateway.enabled) continue;
    if (place.row.item.isTemplate) templates.push(place);
    else if (!exact.has(place.uri)) exact.set(place.uri, entryOf(place.row, place.row.item.uri));
  }
  const find = (uri: string): ResourceEntry | undefined => {
    const known = exact.get(uri);
    if (known) return known;
    for (const { row, slug } of templates) {
      const upstreamUri = ownUri(slug, uri);
      if (upstreamUri !== undefined && row.template()?.match(upstreamUri))
        return entryOf(row, upstreamUri);
    }
    return undefined;
  };
  return (uri) => {
    const entry = find(uri);
    if (!entry) throw new GatewayError('resource_not_found', { uri }, { data: { uri } });
    if (!isAvailable(entry.gateway))
      throw new GatewayError('upstream_unavailable', { kind: 'Resource', name: uri });
    return entry;
  };
}

/** A template by its own text; completion names templates that way, and plain URIs too. */
function templateReader(
  listed: readonly PlacedResource[],
  read: (uri: string) => ResourceEntry,
  entryOf: EntryOf,
): (uriTemplate: string) => ResourceEntry {
  const templates = listed.filter(({ row }) => row.item.isTemplate);
  return (uriTemplate) => {
    const place = templates.find(({ uri }) => uri === uriTemplate);
    return place ? entryOf(place.row, place.row.item.uri) : read(uriTemplate);
  };
}

type EntryOf = (row: ResourceRow, upstreamUri: string) => ResourceEntry;

const entriesWith =
  (uris: Scene['uris']): EntryOf =>
  ({ item, gateway }, upstreamUri) => ({
    resource: item,
    gateway,
    upstreamUri,
    uris: uris.get(gateway.id) ?? null,
  });

/** A list that is not complete is good for no time: what is missing may come at any moment. */
function hintsOfAll(
  { hintLimits }: Snapshot,
  visibility: Visibility,
  gateways: readonly Gateway[],
): ListFacts['hints'] {
  const limits = {
    maxTtlMs: gateways.every(isAvailable) ? hintLimits.maxTtlMs : 0,
    isOpen: hintLimits.isOpen && visibility.key === EVERYTHING.key,
  };
  const made = LIST_KINDS.map((kind) => [kind, hintsOf(kind, gateways, limits)] as const);
  return Object.fromEntries(made) as Record<ListKind, ListHints>;
}

function joinedInstructions(gateways: readonly Gateway[]): string | null {
  const said = gateways.filter((g) => isAvailable(g) && (g.instructions ?? '') !== '');
  if (said.length === 0) return null;
  return said.map((g) => `# ${g.name}\n\n${g.instructions ?? ''}`).join('\n\n');
}

function capabilitiesOf(gateways: readonly Gateway[]): CatalogView['capabilities'] {
  const has = (name: string): boolean => gateways.some((g) => g.capabilities[name] !== undefined);
  return {
    tools: has('tools'),
    prompts: has('prompts'),
    resources: has('resources'),
    completions: has('completions'),
    logging: has('logging'),
    subscribe: gateways.some((g) => {
      const resources = g.capabilities['resources'];
      return (
        typeof resources === 'object' &&
        resources !== null &&
        'subscribe' in resources &&
        resources.subscribe === true
      );
    }),
  };
}
