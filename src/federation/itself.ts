import { GatewayError } from '../kernel/errors.js';
import { INSTANCE, VIA } from '../kernel/federation.js';
import { findMembers, RELAYED } from '../kernel/json-scan.js';
import type { Greeting } from '../upstreams/mcp/connection.js';

/** This gateway, among those that it asks. */
type Own = { readonly id: string } | undefined;

/** To another gateway it says where it comes from; upstreams of other kinds ignore it. The inside of `_meta`. */
export function viaMeta(own: Own): string {
  return own === undefined ? '' : `"${VIA}":${JSON.stringify([own.id])}`;
}

/** What keeps an upstream from being used that is this gateway; `null` for all others. */
export function loopBy(own: Own, greeting: Greeting, name: string): GatewayError | null {
  const info = findMembers(greeting.serverInfo ?? undefined, RELAYED);
  if (own === undefined || info?.string(INSTANCE) !== own.id) return null;
  return new GatewayError('federation_loop', { path: `'${name}'` });
}
