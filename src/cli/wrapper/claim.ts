import type { Members } from '../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { CLAIM } from '../../kernel/mcp.js';
import { encodeHeaderValue, memberInName } from '../../kernel/mirrored-headers.js';

/** What makes a message one of the modern era: it says in `_meta` which revision it follows. */
export interface Claim {
  /** As written; empty when it is no text, which the gateway then says. */
  readonly revision: string;
  /** Inside of a `_meta` that claims the same, for requests of the wrapper's own. */
  readonly meta: string;
}

const CLAIMED = [CLAIM.protocolVersion, CLAIM.clientCapabilities, CLAIM.clientInfo];

/** @returns null for messages of the legacy era */
export function claimOf(message: Message): Claim | null {
  const meta = metaOf(message);
  if (meta?.has(CLAIM.protocolVersion) !== true) return null;
  const claimed = CLAIMED.flatMap((key) => {
    const value = meta.raw(key);
    return value === undefined ? [] : [`"${key}":${value}`];
  });
  return { revision: meta.string(CLAIM.protocolVersion) ?? '', meta: claimed.join(',') };
}

function metaOf(message: Message): Members | null {
  const raw = message.params?.raw('_meta');
  if (raw?.startsWith('{') !== true) return null;
  return scanJson(raw, RELAYED).top;
}

/** The headers that repeat the body, `Mcp-Param-*` apart; names and values in turn. */
export function standardHeaders(
  message: Pick<Message, 'method' | 'params'>,
  revision: string,
): string[] {
  const member = memberInName(message.method);
  const name = member === undefined ? undefined : message.params?.string(member);
  return [
    ...(revision === '' ? [] : ['mcp-protocol-version', encodeHeaderValue(revision)]),
    'mcp-method',
    encodeHeaderValue(message.method),
    ...(name === undefined ? [] : ['mcp-name', encodeHeaderValue(name)]),
  ];
}
