import type { Gateway } from '../../kernel/catalog.js';
import { cancelsTasks, offersTasks } from '../../kernel/core-tasks.js';
import { routedExtensions } from '../../kernel/extensions.js';
import {
  LATEST_LEGACY,
  type ModernRevision,
  type Revision,
  isModernRevision,
} from '../../kernel/mcp.js';

/** What the gateway offers every client, whatever its upstreams can do (PROTOCOL.md §5.3). */
const OFFERED = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
} as const;

/**
 * Server capabilities for clients of a revision: ours, and of the Gateways they reach the extensions,
 * and core tasks.
 */
export function offeredTo(
  revision: Revision | ModernRevision,
  gateways: readonly Gateway[],
): object {
  const extensions = routedExtensions(gateways, isModernRevision(revision) ? 'modern' : 'legacy');
  const tasks = revision === LATEST_LEGACY ? tasksOf(gateways) : null;
  const [only] = gateways;
  // What an upstream alone has is there for those who reach no other (PROTOCOL.md §5.1).
  const experimental = gateways.length === 1 ? only?.capabilities['experimental'] : undefined;
  return {
    ...OFFERED,
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    ...(experimental === undefined ? {} : { experimental }),
    ...(tasks === null ? {} : { tasks }),
  };
}

/** Never `list`: upstreams see one credential for all, and would list everybody's. */
function tasksOf(gateways: readonly Gateway[]): object | null {
  const taking = gateways.filter(offersTasks);
  if (taking.length === 0) return null;
  const cancel = taking.some(cancelsTasks) ? { cancel: {} } : {};
  return { ...cancel, requests: { tools: { call: {} } } };
}
