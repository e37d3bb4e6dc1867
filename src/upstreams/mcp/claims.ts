import type { ClientView } from '../../kernel/call.js';
import { CLAIM, LATEST_MODERN, type ModernRevision } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { joined } from './request-text.js';

/** Sets of capabilities that are remembered in the form they go up in. */
const MAX_KNOWN = 1000;
const SAMPLING = ['tools', 'context'];
const ELICITATION = ['form', 'url'];

const known = new Map<string, string>();

/**
 * The claim of every modern request: revision, and what the client of this Call declared, cut to what
 * can be bridged (PROTOCOL.md §5.3). The inside of `_meta`.
 * @param ownInfo the gateway's own `clientInfo` as JSON text, for requests that are its own
 */
export function claimOf(client: ClientView, ownInfo: string): string {
  let capabilities = known.get(client.capabilities);
  if (capabilities === undefined) {
    capabilities = bridged(client.capabilities);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(client.capabilities, capabilities);
  }
  const info = client.clientInfo ?? ownInfo;
  return `${CLAIMED}${capabilities},"${CLAIM.clientInfo}":${info}`;
}

const REVISION: ModernRevision = LATEST_MODERN;
const CLAIMED = `"${CLAIM.protocolVersion}":"${REVISION}","${CLAIM.clientCapabilities}":`;

/** A modern request on the wire: as requestBody, with the claim that makes it stand alone. */
export function modernBody(id: number, request: UpstreamRequest, ownInfo: string): string {
  const { params, meta, wantsProgress, method, client } = request;
  // A modern client says so with each request, a legacy one has told its session.
  const level = client.era === 'modern' ? client.logLevel : request.observer?.logLevel;
  let inside = joined(meta, claimOf(client, ownInfo));
  if (level !== null && level !== undefined) inside += `,"${CLAIM.logLevel}":"${level}"`;
  if (wantsProgress) inside += `,"progressToken":${String(id)}`;
  return `{"jsonrpc":"2.0","id":${String(id)},"method":"${method}","params":{${joined(params, `"_meta":{${inside}}`)}}}`;
}

/** Client capabilities of either era as a modern upstream may read them. */
export function bridged(capabilities: string): string {
  const given = JSON.parse(capabilities) as Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  if (isObject(given['roots'])) kept['roots'] = {};
  if (isObject(given['sampling'])) kept['sampling'] = chosen(given['sampling'], SAMPLING);
  if (isObject(given['elicitation'])) {
    const modes = chosen(given['elicitation'], ELICITATION);
    kept['elicitation'] = Object.keys(modes).length === 0 ? { form: {} } : modes;
  }
  if (isObject(given['extensions'])) kept['extensions'] = given['extensions'];
  return JSON.stringify(kept);
}

function chosen(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.flatMap((key) => (isObject(from[key]) ? [[key, from[key]] as const] : [])),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
