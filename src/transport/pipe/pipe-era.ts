import { scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import type { Message } from '../../kernel/jsonrpc.js';

const CLAIM = 'io.modelcontextprotocol/protocolVersion';

/** The revision that a message claims for itself; only the modern era does that (PROTOCOL.md §1.3). */
export function claimedRevision(message: Message): string | undefined {
  const meta = message.params?.raw('_meta');
  // Escaped forms of the key are the same key, so the text alone does not decide.
  if (meta === undefined || !/io\.|\\/.test(meta)) return undefined;
  try {
    const { top } = scanJson(meta);
    return top.has(CLAIM) ? (top.string(CLAIM) ?? '') : undefined;
  } catch (e) {
    if (e instanceof JsonScanError) return undefined;
    throw e;
  }
}
