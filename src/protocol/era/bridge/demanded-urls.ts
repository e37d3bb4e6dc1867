import { RPC_CODE } from '../../../kernel/mcp.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';

/**
 * The questions in an error that demands URLs to be opened first (25 Elicitation §URL Elicitation
 * Required Error), as entries of `inputRequests`. Modern clients never see that error.
 * @returns `null` for every other error
 */
export function demandedUrls(error: unknown): readonly string[] | null {
  if (!(error instanceof UpstreamRpcError) || error.code !== RPC_CODE.urlElicitationRequired)
    return null;
  const { data } = JSON.parse(error.error) as { data?: { elicitations?: unknown } };
  const elicitations: unknown = data?.elicitations;
  if (!Array.isArray(elicitations)) return null;
  const entries = elicitations.flatMap((one: unknown) => {
    const { url, message } = (one ?? {}) as { url?: unknown; message?: unknown };
    if (typeof url !== 'string' || typeof message !== 'string') return [];
    const params = { mode: 'url', message, url };
    return [JSON.stringify({ method: 'elicitation/create', params })];
  });
  return entries.length === 0 ? null : entries;
}
