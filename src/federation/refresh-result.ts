import { type Actor, SYSTEM_ACTOR } from '../kernel/caller.js';
import type { SkippedItem } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import type { ListKind } from '../kernel/mcp.js';
import type { SyncCounts, SyncResult } from '../registry/discovered.js';

export interface RefreshWish {
  readonly actor: Actor;
  readonly includeResources: boolean;
  readonly includePrompts: boolean;
}

/** What the gateway reads without being asked. */
export const BY_ITSELF: RefreshWish = {
  actor: { ...SYSTEM_ACTOR, via: 'federation' },
  includeResources: true,
  includePrompts: true,
};

/** What a refresh did (API.md §2.6); times in ms and ISO 8601 UTC. */
export interface RefreshResult extends SyncCounts {
  readonly gatewayId: GatewayId;
  readonly success: boolean;
  readonly error: string | null;
  /** Lists that could not be read while others could. */
  readonly validationErrors: readonly string[];
  readonly skippedItems: readonly SkippedItem[];
  readonly durationMs: number;
  readonly refreshedAt: string;
}

const NOTHING: SyncCounts = {
  toolsAdded: 0,
  toolsUpdated: 0,
  toolsRemoved: 0,
  resourcesAdded: 0,
  resourcesUpdated: 0,
  resourcesRemoved: 0,
  promptsAdded: 0,
  promptsUpdated: 0,
  promptsRemoved: 0,
};

export function failedRefresh(gatewayId: GatewayId, error: string, durationMs = 0): RefreshResult {
  return {
    gatewayId,
    success: false,
    error,
    ...NOTHING,
    validationErrors: [],
    skippedItems: [],
    durationMs: Math.round(durationMs),
    refreshedAt: new Date().toISOString(),
  };
}

export function finishedRefresh(
  gatewayId: GatewayId,
  written: SyncResult,
  validationErrors: readonly string[],
  durationMs: number,
): RefreshResult {
  const { skipped, ...counts } = written;
  return {
    gatewayId,
    success: true,
    error: null,
    ...counts,
    validationErrors,
    skippedItems: skipped,
    durationMs: Math.round(durationMs),
    refreshedAt: new Date().toISOString(),
  };
}

export function listsOf(wish: {
  readonly includeResources: boolean;
  readonly includePrompts: boolean;
}): ReadonlySet<ListKind> {
  const lists: ListKind[] = ['tools'];
  if (wish.includeResources) lists.push('resources', 'resourceTemplates');
  if (wish.includePrompts) lists.push('prompts');
  return new Set(lists);
}
