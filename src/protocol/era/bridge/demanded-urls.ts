import { RPC_CODE } from '../../../kernel/mcp.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';

/** A page that somebody has to open first, and why. */
export interface DemandedPage {
  readonly url: string;
  readonly message: string;
}

/**
 * The pages in an error that demands URLs to be opened first (25 Elicitation §URL Elicitation Required
 * Error).
 * @returns `null` for every other error
 */
export function demandedPages(error: unknown): readonly DemandedPage[] | null {
  if (!(error instanceof UpstreamRpcError) || error.code !== RPC_CODE.urlElicitationRequired)
    return null;
  const { data } = JSON.parse(error.error) as { data?: { elicitations?: unknown } | null };
  const elicitations: unknown = data?.elicitations;
  if (!Array.isArray(elicitations)) return null;
  const pages = elicitations.flatMap((one: unknown) => {
    const { url, message } = (one ?? {}) as { url?: unknown; message?: unknown };
    return typeof url === 'string' && typeof message === 'string' ? [{ url, message }] : [];
  });
  return pages.length === 0 ? null : pages;
}

/** They as entries of `inputRequests`: modern clients never see that error. */
export function demandedUrls(error: unknown): readonly string[] | null {
  const pages = demandedPages(error);
  if (pages === null) return null;
  return pages.map(({ url, message }) =>
    JSON.stringify({ method: 'elicitation/create', params: { mode: 'url', message, url } }),
  );
}
