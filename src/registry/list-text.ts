import type { ListKind } from '../kernel/mcp.js';

type Item = readonly [key: string, text: string];

/** Own member in the `_meta` of a list that is not complete: the names of the Gateways that are down. */
const MISSING = 'io.mcpgateway/missing';

/** One list of a view as text: made when first asked for, kept as long as the view. */
export class ListText {
  private items: readonly Item[] | null = null;
  private text: string | null = null;
  private readonly tail: string;

  /** @param isOrdered whether the owner's order is kept; else it is sorted by key, by code units */
  constructor(
    private readonly kind: ListKind,
    missing: readonly string[],
    private readonly isOrdered: boolean,
    private readonly make: () => readonly Item[],
  ) {
    this.tail = missing.length === 0 ? '' : `,"_meta":${JSON.stringify({ [MISSING]: missing })}`;
  }

  whole(): string {
    return (this.text ??= this.wrap(this.all()));
  }

  /**
   * @param after what an earlier page gave as `last`. While the catalog changes, nothing that stays is
   *   skipped or repeated: by key in a sorted list; by key, else by place, in an owner's order
   */
  page(after: string | null, size: number): { text: string; last: string | null } {
    const items = this.all();
    const start = after === null ? 0 : this.indexAfter(items, after);
    const chosen = items.slice(start, start + size);
    const final = chosen[chosen.length - 1];
    const isLast = final === undefined || start + size >= items.length;
    return {
      text: this.wrap(chosen),
      last: isLast ? null : `${String(start + chosen.length)} ${final[0]}`,
    };
  }

  private indexAfter(items: readonly Item[], after: string): number {
    const space = after.indexOf(' ');
    const place = Number(after.slice(0, space));
    const key = after.slice(space + 1);
    const found = this.isOrdered
      ? items.findIndex((item) => item[0] === key) + 1 || place
      : items.findIndex((item) => item[0] > key);
    return found < 0 ? items.length : found;
  }

  private all(): readonly Item[] {
    if (this.items) return this.items;
    const items = [...this.make()];
    if (!this.isOrdered) items.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return (this.items = items);
  }

  private wrap(items: readonly Item[]): string {
    return `{"${this.kind}":[${items.map(([, text]) => text).join(',')}]${this.tail}}`;
  }
}
