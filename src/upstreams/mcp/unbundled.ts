import { type Message, parseUpstreamBatch } from '../../kernel/jsonrpc.js';
import { BATCH_REVISION } from '../../kernel/mcp.js';

/**
 * What an upstream said that is not one message: several in one array, where its revision has that.
 * @param revision the one agreed on; `null` before
 * @returns `null` where it is anything else
 */
export function unbundled(text: string, revision: string | null): Message[] | null {
  if (revision !== BATCH_REVISION) return null;
  try {
    return parseUpstreamBatch(text);
  } catch {
    return null;
  }
}
