import type { ClientView } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Members } from '../../kernel/json-members.js';
import { scanJson } from '../../kernel/json-scan.js';
import { MAX_JSON_DEPTH, type Message } from '../../kernel/jsonrpc.js';
import { CLAIM, LATEST_MODERN, MODERN_REVISIONS, isModernRevision } from '../../kernel/mcp.js';
import { claimFault, clientOf } from './claim.js';

/**
 * The era of one message, the body first (PROTOCOL.md §1.3). The plain legacy shape costs one look
 * at the members that are known already.
 * @param headerVersion `MCP-Protocol-Version`; `undefined` when absent, and on channels without a head
 * @returns the client of a modern message; `null` = legacy
 * @throws GatewayError `invalid_request`, `invalid_params`, `header_mismatch`, `unsupported_protocol_version`
 */
export function classify(message: Message, headerVersion: string | undefined): ClientView | null {
  const raw = message.params?.raw('_meta');
  if (raw === undefined && headerVersion === undefined) return null;
  return message.kind === 'response' ? null : judged(message, raw, headerVersion);
}

function judged(
  message: Message,
  raw: string | undefined,
  headerVersion: string | undefined,
): ClientView | null {
  const meta = claimIn(raw);
  const isModernHead = headerVersion !== undefined && isModernRevision(headerVersion);
  if (message.method === 'initialize' && message.kind === 'request' && !isSound(meta)) {
    if (isModernHead) throw mismatch('initialize opens a legacy session, MCP-Protocol-Version');
    return null;
  }
  if (meta !== null) return claimed(message, meta, headerVersion);
  if (!isModernHead) return null;
  if (message.kind === 'notification') return UNCLAIMED;
  throw unclaimed(raw);
}

/** A notification says nothing of its client when it has no claim, and needs nothing. */
const UNCLAIMED: ClientView = {
  era: 'modern',
  revision: LATEST_MODERN,
  sessionId: null,
  capabilities: '{}',
  clientInfo: null,
  logLevel: null,
};

/**
 * Members of a `_meta` that has a claim; nearly no legacy `_meta` is scanned for it.
 * @throws GatewayError `invalid_request` when it is no object
 */
export function claimIn(raw: string | undefined): Members | null {
  if (raw === undefined) return null;
  if (!raw.startsWith('{'))
    throw new GatewayError('invalid_request', { reason: "'_meta' must be an object" });
  // A key may be written with escapes.
  if (!raw.includes(CLAIM.protocolVersion) && !raw.includes('\\')) return null;
  const meta = scanJson(raw, { maxDepth: MAX_JSON_DEPTH }).top;
  return meta.has(CLAIM.protocolVersion) ? meta : null;
}

function isSound(meta: Members | null): boolean {
  const revision = meta?.string(CLAIM.protocolVersion);
  return (
    meta !== null &&
    revision !== undefined &&
    isModernRevision(revision) &&
    claimFault(meta) === null
  );
}

function claimed(message: Message, meta: Members, headerVersion: string | undefined): ClientView {
  const revision = meta.string(CLAIM.protocolVersion);
  // Of a notification only the revision counts: nothing is asked of its client.
  const fault = message.kind === 'request' ? claimFault(meta) : null;
  if (fault !== null) throw malformed(fault);
  if (revision === undefined) throw malformed(`${CLAIM.protocolVersion} must be a string`);
  if (headerVersion !== undefined && headerVersion !== revision)
    throw mismatch('MCP-Protocol-Version');
  if (!isModernRevision(revision)) throw unclaimable(revision);
  return message.kind === 'request' ? clientOf(meta, revision) : UNCLAIMED;
}

function malformed(fault: string): GatewayError {
  return new GatewayError('invalid_params', { reason: `_meta: ${fault}` });
}

function mismatch(name: string): GatewayError {
  return new GatewayError('header_mismatch', { reason: `${name} is not that of the body` });
}

/** A revision that cannot be claimed per request: unknown, or one of the legacy era. */
function unclaimable(revision: string): GatewayError {
  const data = { supported: MODERN_REVISIONS, requested: revision.slice(0, 64) };
  return new GatewayError('unsupported_protocol_version', {}, { data });
}

function unclaimed(raw: string | undefined): GatewayError {
  const missing =
    raw === undefined
      ? ['_meta']
      : [CLAIM.protocolVersion, CLAIM.clientCapabilities].filter(
          (key) => !scanJson(raw, { maxDepth: MAX_JSON_DEPTH }).top.has(key),
        );
  return new GatewayError(
    'invalid_params',
    { reason: `MCP-Protocol-Version names ${LATEST_MODERN}, missing: ${missing.join(', ')}` },
    { data: { missing } },
  );
}
