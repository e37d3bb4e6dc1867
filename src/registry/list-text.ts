import type { ListHints } from '../kernel/catalog.js';
import { CLAIM, type Era, type ListKind } from '../kernel/mcp.js';
import type { Item, ListContent, PageOf } from './entries.js';

/** Own member in the `_meta` of a list that is not complete: the names of the Gateways that are down. */
const MISSING = 'io.mcpgateway/missing';

/** What all lists of a view have in common. */
export interface ListFacts {
  /** Names of the Gateways whose items are absent. */
  readonly missing: readonly string[];
  /** Whether the owner's order is kept; else a list is sorted by key, by code units. */
  readonly isOrdered: boolean;
  /** Our own `serverInfo` as JSON text. */
  readonly serverInfo: string;
  /** What each list says of its own life. */
  readonly hints: Readonly<Record<ListKind, ListHints>>;
}

/** One list of a view as text: made when first asked for, kept as long as the view. */
export class ListText {
  private readonly items: Partial<Record<Era, readonly Item[]>> = {};
  private readonly contents: Partial<Record<Era, ListContent>> = {};
  private readonly texts: Partial<Record<Era, string>> = {};
  private readonly heads: Readonly<Record<Era, string>>;
  private readonly tails: Readonly<Record<Era, string>>;

  /** @param make the items as clients of that era see them */
  constructor(
    kind: ListKind,
    private readonly facts: ListFacts,
    private readonly make: (era: Era) => readonly Item[],
  ) {
    const missing = facts.missing.length === 0 ? '' : metaMember(MISSING, facts.missing);
    const { ttlMs, cacheScope } = facts.hints[kind];
    const hints = `"ttlMs":${String(ttlMs)},"cacheScope":"${cacheScope}"`;
    this.heads = { legacy: `{"${kind}":[`, modern: `{"resultType":"complete","${kind}":[` };
    this.tails = {
      legacy: missing === '' ? ']}' : `],"_meta":{${missing}}}`,
      modern: `],${hints},"_meta":{"${CLAIM.serverInfo}":${facts.serverInfo}${missing === '' ? '' : `,${missing}`}}}`,
    };
  }

  /** Kept, since it is asked for by each that listens: telling lists apart makes no text. */
  content(era: Era): ListContent {
    return (this.contents[era] ??= { items: this.all(era), missing: this.facts.missing });
  }

  /** The eras in which it was compared with another. */
  compared(): readonly Era[] {
    return Object.keys(this.contents) as Era[];
  }

  whole(era: Era): string {
    return (this.texts[era] ??= this.wrap(this.all(era), era));
  }

  /**
   * @param after what an earlier page gave as `last`. While the catalog changes, nothing that stays is
   *   skipped or repeated: by key in a sorted list; by key, else by place, in an owner's order
   */
  page({ after, size, era }: PageOf): { text: string; last: string | null } {
    const items = this.all(era);
    const start = after === null ? 0 : this.indexAfter(items, after);
    const chosen = items.slice(start, start + size);
    const final = chosen[chosen.length - 1];
    const isLast = final === undefined || start + size >= items.length;
    return {
      text: this.wrap(chosen, era),
      last: isLast ? null : `${String(start + chosen.length)} ${final[0]}`,
    };
  }

  private indexAfter(items: readonly Item[], after: string): number {
    const space = after.indexOf(' ');
    const place = Number(after.slice(0, space));
    const key = after.slice(space + 1);
    const found = this.facts.isOrdered
      ? items.findIndex((item) => item[0] === key) + 1 || place
      : items.findIndex((item) => item[0] > key);
    return found < 0 ? items.length : found;
  }

  private all(era: Era): readonly Item[] {
    const known = this.items[era];
    if (known) return known;
    const items = [...this.make(era)];
    if (!this.facts.isOrdered) items.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return (this.items[era] = items);
  }

  private wrap(items: readonly Item[], era: Era): string {
    return this.heads[era] + items.map(([, text]) => text).join(',') + this.tails[era];
  }
}

function metaMember(key: string, value: unknown): string {
  return JSON.stringify({ [key]: value }).slice(1, -1);
}
