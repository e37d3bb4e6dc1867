import type { Server } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid } from '../kernel/ids.js';
import type { Snapshot } from './catalog.snapshot.js';
import type { Members } from './members.js';
import type { MemberReferences } from './server-fields.js';

export interface MissingItem {
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly id: string;
  readonly name: string;
}

/** How one kind of member is referred to. */
interface Referable {
  readonly id: string;
  readonly label: string;
  readonly aliases: readonly (string | null)[];
}

/**
 * The member ids after a request. A reference is an id, a name (exposed, or an alias that one record has) or
 * a URI; an id that is a member already may be gone for now.
 * @throws GatewayError `unknown_reference`, `ambiguous_name`
 */
export function memberIds(
  base: Server,
  input: MemberReferences,
  rows: Members,
): Pick<Server, 'toolIds' | 'resourceIds' | 'promptIds' | 'memberNames'> {
  const names: Record<string, string> = { ...base.memberNames };
  const tools = rows.tools.map(({ item }) => ({
    id: item.id,
    label: item.name,
    aliases: [item.originalName, item.customName],
  }));
  const prompts = rows.prompts.map(({ item }) => ({
    id: item.id,
    label: item.name,
    aliases: [item.originalName, item.customName],
  }));
  const resources = rows.resources.map(({ item }) => ({
    id: item.id,
    label: item.uri,
    aliases: [],
  }));
  const ids = {
    toolIds: resolve(finder('tool', tools), input.associatedTools, base.toolIds, names),
    resourceIds: resolve(
      finder('resource', resources),
      input.associatedResources,
      base.resourceIds,
      names,
    ),
    promptIds: resolve(finder('prompt', prompts), input.associatedPrompts, base.promptIds, names),
  };
  const used = new Set<string>([...ids.toolIds, ...ids.resourceIds, ...ids.promptIds]);
  const memberNames = Object.fromEntries(Object.entries(names).filter(([id]) => used.has(id)));
  return { ...ids, memberNames };
}

const FIELD = {
  tool: 'associatedTools',
  resource: 'associatedResources',
  prompt: 'associatedPrompts',
} as const;

interface Finder {
  readonly kind: MissingItem['kind'];
  readonly byId: ReadonlyMap<string, Referable>;
  one(reference: string): Referable | undefined;
}

function resolve<Id extends string>(
  find: Finder,
  references: readonly string[] | undefined,
  before: readonly Id[],
  names: Record<string, string>,
): readonly Id[] {
  if (references === undefined) {
    for (const id of before) names[id] = find.byId.get(id)?.label ?? names[id] ?? id;
    return before;
  }
  const ids = references.map((reference): Id => {
    const target = find.one(reference);
    if (target) {
      names[target.id] = target.label;
      return target.id as Id;
    }
    const id = parseUuid<Id>(reference);
    if (id && before.includes(id)) return id;
    const { kind } = find;
    throw new GatewayError('unknown_reference', { kind, field: FIELD[kind], name: reference });
  });
  return [...new Set(ids)];
}

function finder(kind: MissingItem['kind'], candidates: readonly Referable[]): Finder {
  const byId = new Map(candidates.map((c) => [c.id, c]));
  const byLabel = new Map<string, Referable>();
  const byAlias = new Map<string, Referable[]>();
  for (const candidate of candidates) {
    if (!byLabel.has(candidate.label)) byLabel.set(candidate.label, candidate);
    for (const alias of new Set(candidate.aliases))
      if (alias !== null) byAlias.set(alias, [...(byAlias.get(alias) ?? []), candidate]);
  }
  return {
    kind,
    byId,
    one: (reference) => {
      const id = parseUuid(reference);
      const exact = (id === undefined ? undefined : byId.get(id)) ?? byLabel.get(reference);
      const aliased = byAlias.get(reference) ?? [];
      if (exact ?? aliased.length < 2) return exact ?? aliased[0];
      throw new GatewayError(
        'ambiguous_name',
        { kind, name: reference, count: aliased.length },
        { data: { candidates: aliased.map((c) => c.id) } },
      );
    },
  };
}

/** Members whose record is not there now, with the name they had. */
export function missingItems(snapshot: Snapshot, server: Server): MissingItem[] {
  const gone = (
    kind: MissingItem['kind'],
    ids: readonly string[],
    rows: ReadonlyMap<string, unknown>,
  ): MissingItem[] =>
    ids
      .filter((id) => !rows.has(id))
      .map((id) => ({ kind, id, name: server.memberNames[id] ?? id }));
  return [
    ...gone('tool', server.toolIds, snapshot.tools),
    ...gone('resource', server.resourceIds, snapshot.resources),
    ...gone('prompt', server.promptIds, snapshot.prompts),
  ];
}
