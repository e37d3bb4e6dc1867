import { type Message, UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import { answeredBadly } from './upstream-fault.js';

/**
 * Hot: what an upstream's response comes to.
 * @returns the `result` as JSON text; else what to fail with: its error, or that it is no answer at all
 */
export function readAnswer({ top }: Message, era: Era): string | Error {
  const error = top.raw('error');
  if (error !== undefined) return rpcError(error, era);
  const result = top.raw('result');
  return result?.startsWith('{') === true
    ? result
    : answeredBadly('Upstream sent a result that is no object');
}

function rpcError(error: string, era: Era): Error {
  const value = JSON.parse(error) as { code?: unknown; message?: unknown } | null;
  return typeof value?.code === 'number' && typeof value.message === 'string'
    ? new UpstreamRpcError(error, value.code, era)
    : answeredBadly('Upstream sent an error that is no JSON-RPC error');
}
