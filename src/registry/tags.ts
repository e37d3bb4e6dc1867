import type { Faults } from './faults.js';

export type TagInput = readonly (string | { readonly id: string })[];

/** API.md §1.7: trimmed, lower case, spaces to `-`, unique, sorted. Faults are added. */
export function toTags(input: TagInput, faults: Faults): string[] {
  const tags = new Set<string>();
  input.forEach((raw, i) => {
    const tag = (typeof raw === 'string' ? raw : raw.id).trim().toLowerCase().replace(/\s+/g, '-');
    if (tag.length < 2 || tag.length > 100)
      faults.add(`/tags/${String(i)}`, 'must have 2 to 100 characters');
    else tags.add(tag);
  });
  faults.check(tags.size <= 32, '/tags', 'must be at most 32');
  return [...tags].sort();
}
