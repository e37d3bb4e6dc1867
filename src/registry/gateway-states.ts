import type { Gateway } from '../kernel/catalog.js';
import type { SyncResult } from './discovered.js';

/** Whether a sync changed what calls and lists read; a later `lastSeen` alone does not. */
export function isDifferent(before: Gateway, after: Gateway, result: SyncResult): boolean {
  const { skipped: _, ...counts } = result;
  if (Object.values(counts).some((n) => n > 0)) return true;
  const facts = (g: Gateway): string =>
    JSON.stringify([g.transport, g.capabilities, g.instructions, g.serverInfo, g.status]);
  const way = (g: Gateway): string =>
    `${g.protocolVersion ?? ''} ${g.era ?? ''} ${JSON.stringify(g.listHints)}`;
  return facts(before) !== facts(after) || way(before) !== way(after);
}

/** Until the next check, an enabled Gateway is what it was when last seen. */
export function stateWhenEnabled(gateway: Gateway): Pick<Gateway, 'status'> {
  if (gateway.lastSeen === null) return { status: 'pending' };
  return { status: gateway.reachable ? 'healthy' : 'unhealthy' };
}
