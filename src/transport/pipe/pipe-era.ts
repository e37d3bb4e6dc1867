import type { ClientView } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { CLAIM, type Era, LEGACY_REVISIONS } from '../../kernel/mcp.js';
import { classify } from '../../protocol/era/classify.js';

/** Asked first by who does not know yet which era to speak; `initialize` may follow it. */
const PROBE = 'server/discover';

/**
 * The era of a pipe: the first request but a probe settles it for the connection (PROTOCOL.md §10.1).
 * HTTP+SSE is of the legacy era, whatever its client says.
 */
export class PipeEra {
  private pinned: Era | null = null;

  constructor(private readonly isLegacyOnly: boolean) {}

  /**
   * @returns the client of a modern request; `null` = legacy, or nothing that wants an answer: it could
   *   not be refused, and means the same in both eras
   * @throws GatewayError `unsupported_protocol_version`, `invalid_params`, `invalid_request`
   */
  clientOf(message: Message): ClientView | null {
    if (this.isLegacyOnly) return refuseClaim(message);
    if (message.kind !== 'request') return null;
    const client = classified(message);
    const era = client === null ? 'legacy' : 'modern';
    if (this.pinned !== null && this.pinned !== era) throw otherEra(this.pinned, message);
    if (message.method !== PROBE) this.pinned = era;
    return client;
  }
}

function classified(message: Message): ClientView | null {
  try {
    return classify(message, undefined);
  } catch (e) {
    throw e instanceof GatewayError ? e.with(withId(message)) : e;
  }
}

function otherEra(pinned: Era, message: Message): GatewayError {
  const reason =
    pinned === 'legacy'
      ? 'this connection was opened by initialize, its messages carry no claim'
      : 'each request on this connection must carry its claim';
  return new GatewayError('invalid_request', { reason }, withId(message));
}

/** @throws GatewayError `unsupported_protocol_version` when a claim is made */
function refuseClaim(message: Message): null {
  const requested = claimedRevision(message);
  if (requested === undefined) return null;
  const data = { supported: LEGACY_REVISIONS, requested: requested.slice(0, 64) };
  throw new GatewayError('unsupported_protocol_version', {}, { ...withId(message), data });
}

/** The revision that a message claims for itself; only the modern era does that (PROTOCOL.md §1.3). */
function claimedRevision(message: Message): string | undefined {
  const meta = message.params?.raw('_meta');
  // Escaped forms of the key are the same key, so the text alone does not decide.
  if (meta === undefined || !/io\.|\\/.test(meta)) return undefined;
  try {
    const { top } = scanJson(meta);
    return top.has(CLAIM.protocolVersion) ? (top.string(CLAIM.protocolVersion) ?? '') : undefined;
  } catch (e) {
    if (e instanceof JsonScanError) return undefined;
    throw e;
  }
}

export function withId(message: Message): { rpcId?: string } {
  return message.id === null ? {} : { rpcId: message.id };
}
