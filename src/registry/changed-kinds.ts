import { type Era, LIST_KINDS, type ListKind } from '../kernel/mcp.js';
import type { CatalogView, ListContent } from './entries.js';

type ByEra = Partial<Record<Era, readonly ListKind[]>>;

/**
 * By the next view, then by the previous one: after a swap of the catalog all that listen ask for few
 * pairs of views, one each, on the event loop. An answer goes with either of its views.
 */
const known = new WeakMap<CatalogView, WeakMap<CatalogView, ByEra>>();

/** The kinds whose list reads differently to clients of an era in two views; `previous` absent = all. */
export function changedKinds(
  previous: CatalogView | undefined,
  next: CatalogView,
  era: Era,
): readonly ListKind[] {
  if (previous === undefined) return LIST_KINDS;
  const answers = answersFor(previous, next);
  return (answers[era] ??= LIST_KINDS.filter(
    (kind) => !readAlike(previous.listContent(kind, era), next.listContent(kind, era)),
  ));
}

function answersFor(previous: CatalogView, next: CatalogView): ByEra {
  let ofNext = known.get(next);
  if (ofNext === undefined) known.set(next, (ofNext = new WeakMap()));
  let answers = ofNext.get(previous);
  if (answers === undefined) ofNext.set(previous, (answers = {}));
  return answers;
}

/** Item by item, most of them the same object: to compare lists as text would be to make that text first. */
function readAlike(a: ListContent, b: ListContent): boolean {
  return (
    a.items.length === b.items.length &&
    a.missing.length === b.missing.length &&
    a.items.every((item, at) => item === b.items[at] || item[1] === b.items[at]?.[1]) &&
    a.missing.every((name, at) => name === b.missing[at])
  );
}
