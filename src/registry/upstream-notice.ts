import type { GatewayId } from '../kernel/ids.js';
import type { ListKind } from '../kernel/mcp.js';

/** Topic on the bus: an upstream itself said that lists of its changed, and they were read since. */
export const UPSTREAM_NOTICE = 'upstream.list_changed';

/** What an upstream said (PROTOCOL.md §6.3). */
export interface UpstreamNotice {
  readonly gatewayId: GatewayId;
  readonly kinds: readonly ListKind[];
  /** How long ago the read began: who was told of a difference since then knows of this. */
  readonly ageMs: number;
}
