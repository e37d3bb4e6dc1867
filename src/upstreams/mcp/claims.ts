import type { ClientView } from '../../kernel/call.js';
import type { Gateway } from '../../kernel/catalog.js';
import { CLAIM, LATEST_MODERN, type ModernRevision } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { OpenOptions } from './connection.js';
import { joined } from './request-text.js';
import { declaredTo } from './session-key.js';

/** Sets of capabilities that are remembered in the form they go up in. */
const MAX_KNOWN = 1000;

/** By record: what a Gateway lists decides which extensions cross. */
const known = new WeakMap<Gateway, Map<string, string>>();

/** What a connection puts into the claims on it. */
export type Claimant = Pick<OpenOptions, 'gateway' | 'clientInfo'>;

/**
 * The claim of every modern request: revision, and what the client of this Call declared, cut to what
 * can be bridged and to the extensions that this upstream lists (PROTOCOL.md §5.3, §5.9). The inside
 * of `_meta`.
 */
export function claimOf(client: ClientView, { gateway, clientInfo }: Claimant): string {
  const info = client.clientInfo ?? clientInfo;
  return `${CLAIMED}${declaredOn(gateway, client.capabilities)},"${CLAIM.clientInfo}":${info}`;
}

function declaredOn(gateway: Gateway, given: string): string {
  let ofGateway = known.get(gateway);
  if (ofGateway === undefined) known.set(gateway, (ofGateway = new Map<string, string>()));
  let declared = ofGateway.get(given);
  if (declared === undefined) {
    declared = declaredTo(gateway, given);
    if (ofGateway.size >= MAX_KNOWN) ofGateway.clear();
    ofGateway.set(given, declared);
  }
  return declared;
}

const REVISION: ModernRevision = LATEST_MODERN;
const CLAIMED = `"${CLAIM.protocolVersion}":"${REVISION}","${CLAIM.clientCapabilities}":`;

/** A modern request on the wire: as requestBody, with the claim that makes it stand alone. */
export function modernBody(id: number, request: UpstreamRequest, claimant: Claimant): string {
  const { params, meta, wantsProgress, method, client } = request;
  // A modern client says so with each request, a legacy one has told its session.
  const level = client.era === 'modern' ? client.logLevel : request.observer?.logLevel;
  let inside = joined(meta, claimOf(client, claimant));
  if (level !== null && level !== undefined) inside += `,"${CLAIM.logLevel}":"${level}"`;
  if (wantsProgress) inside += `,"progressToken":${String(id)}`;
  return `{"jsonrpc":"2.0","id":${String(id)},"method":"${method}","params":{${joined(params, `"_meta":{${inside}}`)}}}`;
}
