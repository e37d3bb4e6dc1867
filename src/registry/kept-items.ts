import type { Item } from './entries.js';

/** A record has few names at a time, and few forms. */
const MAX_KEPT = 8;

/** What lists show of one record, by the name it is shown under and the form: each is made once. */
export class KeptItems {
  private readonly kept: { readonly form: string; readonly item: Item }[] = [];

  get(shownName: string, form: string): Item | undefined {
    for (const one of this.kept)
      if (one.form === form && one.item[0] === shownName) return one.item;
    return undefined;
  }

  keep(form: string, item: Item): Item {
    if (this.kept.length >= MAX_KEPT) this.kept.shift();
    this.kept.push({ form, item });
    return item;
  }
}
