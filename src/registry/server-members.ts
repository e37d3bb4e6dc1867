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
interface Referable<I> {
  label(item: I): string;
  aliases(item: I): readonly (string | null)[];
}

interface NamedItem {
  readonly id: string;
  readonly name: string;
  readonly originalName: string;
  readonly customName: string | null;
}

const BY_NAME: Referable<NamedItem> = {
  label: (item) => item.name,
  aliases: (item) => [item.originalName, item.customName],
};
const BY_URI: Referable<{ readonly id: string; readonly uri: string }> = {
  label: (item) => item.uri,
  aliases: () => [],
};

/**
 * The member ids after a request. A reference is an id, a name (exposed, or an alias that one record has) or
 * a URI; an id that is a member already may be gone for now.
 * @throws GatewayError `unknown_reference`, `ambiguous_name`
 */
export function memberIds(
  base: Server,
  input: MemberReferences,
  rows: Members,
  snapshot: Snapshot,
): Pick<Server, 'toolIds' | 'resourceIds' | 'promptIds' | 'memberNames'> {
  const names: Record<string, string> = { ...base.memberNames };
  const tools = new Finder('tool', rows.tools, snapshot.tools, BY_NAME);
  const resources = new Finder('resource', rows.resources, snapshot.resources, BY_URI);
  const prompts = new Finder('prompt', rows.prompts, snapshot.prompts, BY_NAME);
  const ids = {
    toolIds: resolve(tools, input.associatedTools, base.toolIds, names),
    resourceIds: resolve(resources, input.associatedResources, base.resourceIds, names),
    promptIds: resolve(prompts, input.associatedPrompts, base.promptIds, names),
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

function resolve<Id extends string, I extends { readonly id: string }>(
  find: Finder<I>,
  references: readonly string[] | undefined,
  before: readonly Id[],
  names: Record<string, string>,
): readonly Id[] {
  if (references === undefined) {
    for (const id of before) names[id] = find.labelOf(id) ?? names[id] ?? id;
    return before;
  }
  const ids = references.map((reference): Id => {
    const target = find.one(reference);
    if (target !== undefined) {
      names[target] = find.labelOf(target) ?? target;
      return target as Id;
    }
    const id = parseUuid<Id>(reference);
    if (id && before.includes(id)) return id;
    const { kind } = find;
    throw new GatewayError('unknown_reference', { kind, field: FIELD[kind], name: reference });
  });
  return [...new Set(ids)];
}

/** Finds members among all there are, which may be many: tables of all of them are made only where needed. */
class Finder<I extends { readonly id: string }> {
  private visible: ReadonlySet<{ readonly item: I }> | undefined;
  private byLabel: Map<string, I> | undefined;
  private byAlias: Map<string, I[]> | undefined;

  constructor(
    readonly kind: MissingItem['kind'],
    private readonly rows: readonly { readonly item: I }[],
    private readonly all: ReadonlyMap<string, { readonly item: I }>,
    private readonly how: Referable<I>,
  ) {}

  labelOf(id: string): string | undefined {
    const row = this.all.get(id);
    if (row === undefined) return undefined;
    const isVisible =
      this.rows.length === this.all.size || (this.visible ??= new Set(this.rows)).has(row);
    return isVisible ? this.how.label(row.item) : undefined;
  }

  /** @returns its id. @throws GatewayError `ambiguous_name` */
  one(reference: string): string | undefined {
    const id = parseUuid(reference);
    if (id !== undefined && this.labelOf(id) !== undefined) return id;
    const exact = (this.byLabel ??= this.allByLabel()).get(reference);
    const aliased = exact ? [exact] : ((this.byAlias ??= this.allByAlias()).get(reference) ?? []);
    const [only] = aliased;
    if (aliased.length < 2) return only?.id;
    throw new GatewayError(
      'ambiguous_name',
      { kind: this.kind, name: reference, count: aliased.length },
      { data: { candidates: aliased.map(({ id }) => id) } },
    );
  }

  /** The first of those that have one. */
  private allByLabel(): Map<string, I> {
    return new Map(this.rows.map(({ item }) => [this.how.label(item), item] as const).reverse());
  }

  private allByAlias(): Map<string, I[]> {
    const byAlias = new Map<string, I[]>();
    for (const { item } of this.rows)
      for (const alias of new Set(this.how.aliases(item))) {
        if (alias === null) continue;
        const known = byAlias.get(alias);
        if (known === undefined) byAlias.set(alias, [item]);
        else known.push(item);
      }
    return byAlias;
  }
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
