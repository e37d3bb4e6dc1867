import type { Gateway } from '../../kernel/catalog.js';
import { routedExtensions } from '../../kernel/extensions.js';
import type { Era } from '../../kernel/mcp.js';

/** What the gateway offers every client, whatever its upstreams can do (PROTOCOL.md §5.3). */
const OFFERED = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
} as const;

/** Server capabilities for clients of an era: ours, and the extensions of the Gateways they reach. */
export function offeredTo(era: Era, gateways: readonly Gateway[]): object {
  const extensions = routedExtensions(gateways, era);
  const [only] = gateways;
  // What an upstream alone has is there for those who reach no other (PROTOCOL.md §5.1).
  const experimental = gateways.length === 1 ? only?.capabilities['experimental'] : undefined;
  return {
    ...OFFERED,
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    ...(experimental === undefined ? {} : { experimental }),
  };
}
