import type { Gateway, ListHints } from '../kernel/catalog.js';
import { LIST_CAPABILITY, LIST_KINDS, type ListKind } from '../kernel/mcp.js';
import type { Discovered } from './discovered.js';

/** How far the gateway itself goes in what it promises of its lists. */
export interface HintLimits {
  /** Longest life of a list in the hands of a client, in ms. */
  readonly maxTtlMs: number;
  /** Whoever asks sees what this Caller sees, credential or not. */
  readonly isOpen: boolean;
}

/** Nobody may keep the list. */
const UNKEPT: ListHints = { ttlMs: 0, cacheScope: 'private' };

/**
 * What a list of a view says of its own life: never more than the shortest-lived and the most private
 * of the lists behind it (PROTOCOL.md §6.1). Those that are empty or hidden count too: what they come to
 * hold changes ours. Legacy upstreams promise nothing.
 * @param gateways those of the view whose items are listed
 */
export function hintsOf(
  kind: ListKind,
  gateways: readonly Gateway[],
  { maxTtlMs, isOpen }: HintLimits,
): ListHints {
  const behind = gateways.filter((g) => g.capabilities[LIST_CAPABILITY[kind]] !== undefined);
  if (behind.length === 0) return UNKEPT;
  const hints = behind.map((g) => g.listHints?.[kind] ?? UNKEPT);
  const isPublic = isOpen && hints.every(({ cacheScope }) => cacheScope === 'public');
  return {
    ttlMs: Math.min(maxTtlMs, ...hints.map(({ ttlMs }) => ttlMs)),
    cacheScope: isPublic ? 'public' : 'private',
  };
}

/** The hints of a Gateway after a sync: lists that were not read keep theirs. */
export function hintsAfter(before: Gateway['listHints'], found: Discovered): Gateway['listHints'] {
  if (found.era === 'legacy') return null;
  const hints: Partial<Record<ListKind, ListHints>> = {};
  for (const kind of LIST_KINDS) {
    const hint = found[kind] === undefined ? before?.[kind] : found.listHints?.[kind];
    if (hint !== undefined) hints[kind] = hint;
  }
  return hints;
}
