import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { failedTool } from '../../../kernel/own-result.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';

/** A legacy client could not give what its modern upstream asked; `message` is fit for the caller. */
export class UnansweredError extends Error {}

/**
 * The answer to a legacy client whose upstream did not get what it asked for: a tool that failed, an
 * error elsewhere (PROTOCOL.md §5.5).
 * @throws GatewayError `unanswerable` · every other error, as it was thrown
 */
export function unansweredReply(call: Call, error: unknown): UpstreamReply {
  const words = wordsFor(error);
  if (words === null) throw error;
  if (call.message.method !== 'tools/call')
    throw new GatewayError('unanswerable', { reason: words });
  return { result: `{${failedTool(words)}}`, era: 'legacy' };
}

function wordsFor(error: unknown): string | null {
  if (error instanceof UnansweredError) return error.message;
  if (error instanceof GatewayError && error.code === 'unanswerable') return error.message;
  return null;
}
