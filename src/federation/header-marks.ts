import { RELAYED, findMembers } from '../kernel/json-scan.js';
import type { SkippedItem } from '../kernel/catalog.js';
import { mirroredParams } from '../kernel/mirrored-params.js';
import type { DiscoveredItem } from '../registry/discovered.js';

/**
 * A tool whose marks for the head are in disorder cannot be called over modern HTTP, where each call
 * repeats arguments there (26 Streamable HTTP §Client Behavior).
 * @param isBound whether the items are tools that are called that way
 */
export function withUsableMarks(
  isBound: boolean,
  items: readonly DiscoveredItem[],
): { usable: readonly DiscoveredItem[]; unusable: SkippedItem[] } {
  if (!isBound) return { usable: items, unusable: [] };
  const usable: DiscoveredItem[] = [];
  const unusable: SkippedItem[] = [];
  for (const item of items) {
    const reason = headerFault(item.text);
    if (reason === null) usable.push(item);
    else unusable.push({ kind: 'tool', name: item.name, reason });
  }
  return { usable, unusable };
}

function headerFault(definition: string): string | null {
  if (!definition.includes('x-mcp-header')) return null;
  const schema = findMembers(definition, RELAYED)?.raw('inputSchema') ?? '{}';
  return mirroredParams(JSON.parse(schema)).fault;
}
