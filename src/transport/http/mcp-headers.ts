import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors.js';
import type { Message } from '../../kernel/jsonrpc.js';
import {
  type HeaderRecord,
  encodeHeaderValue,
  memberInName,
  standardMismatch,
} from '../../kernel/mirrored-headers.js';

/** What to hold the headers against. */
export interface HeaderRules {
  /** Of the claim. */
  readonly revision: string;
  /** Whether a header may be absent. */
  readonly isOptional: boolean;
}

/**
 * Compares the headers of a modern request with its body (26 Streamable HTTP §Request Metadata).
 * They are never an input to anything else (SECURITY.md S07).
 * @returns the `Mcp-*` headers, each there once; `Mcp-Param-*` are compared where the tool is known
 * @throws GatewayError `header_mismatch`
 */
export function checkHeaders(
  req: IncomingMessage,
  message: Message,
  rules: HeaderRules,
): HeaderRecord {
  const headers = mcpHeaders(req.rawHeaders);
  const member = memberInName(message.method);
  const name = member === undefined ? undefined : message.params?.string(member);
  const body = { revision: rules.revision, method: message.method, name };
  const given = rules.isOptional ? { ...expected(body), ...headers } : headers;
  const reason = standardMismatch(body, given);
  if (reason !== null) throw new GatewayError('header_mismatch', { reason });
  return headers;
}

/** Headers as they would be if they were there. */
function expected(body: { revision: string; method: string; name: string | undefined }) {
  const name = body.name === undefined ? {} : { 'mcp-name': encodeHeaderValue(body.name) };
  return { 'mcp-protocol-version': body.revision, 'mcp-method': body.method, ...name };
}

/** From the headers as sent: Node joins two of a name into one value. */
function mcpHeaders(raw: readonly string[]): HeaderRecord {
  const found: Record<string, string> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if ((name.charCodeAt(0) | 0x20) !== 0x6d) continue;
    const key = name.toLowerCase();
    if (!key.startsWith('mcp-')) continue;
    if (found[key] !== undefined)
      throw new GatewayError('header_mismatch', { reason: `${key} is there twice` });
    found[key] = raw[i + 1] as string;
  }
  return found;
}
