import { RPC_CODE } from '../../kernel/mcp.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';

/** What crossing edits in the answers of legacy upstreams for modern clients (PROTOCOL.md §5.2). */

const OURS = ['resultType', 'ttlMs', 'cacheScope'];
/** Nothing says how long what a legacy upstream reads is good, or for whom. */
const UNKEPT = ',"ttlMs":0,"cacheScope":"private"';
const COMPLETE = '{"resultType":"complete"';

/**
 * The result with what its revision wants spliced in first; the rest as the upstream sent it.
 * @param result an object as JSON text
 */
export function raiseResult(method: string, result: string): string {
  // Only a vendor's method may answer something else; there is nowhere to say more.
  if (!result.startsWith('{')) return result;
  const head = method === 'resources/read' ? COMPLETE + UNKEPT : COMPLETE;
  // Members of these names mean nothing in a legacy result; nearly none has them.
  const text = result.includes('"resultType"') || head !== COMPLETE ? withoutOurs(result) : result;
  const start = text.indexOf('{') + 1;
  return isEmpty(text, start) ? `${head}}` : `${head},${text.slice(start)}`;
}

function withoutOurs(result: string): string {
  const { top } = scanJson(result, RELAYED);
  return OURS.some((key) => top.has(key)) ? `{${top.without(...OURS)}}` : result;
}

function isEmpty(text: string, start: number): boolean {
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7d) return true;
    if (c > 0x20) return false;
  }
  return true;
}

/** Codes with which a modern client would send again: from a legacy upstream they mean something else. */
const MODERN_REFUSALS: readonly number[] = [
  RPC_CODE.headerMismatch,
  RPC_CODE.missingCapability,
  RPC_CODE.unsupportedRevision,
];

/** A resource that is not there: `-32002` before 2026-07-28, since then `-32602` naming the URI. */
export function raiseError(error: UpstreamRpcError, uri: string): UpstreamRpcError {
  if (error.era === 'legacy' && MODERN_REFUSALS.includes(error.code)) {
    const { internalError } = RPC_CODE;
    const { top } = scanJson(error.error, RELAYED);
    const text = top.spliced(new Map([['code', String(internalError)]]));
    return new UpstreamRpcError(text, internalError);
  }
  if (error.code !== RPC_CODE.resourceNotFound) return error;
  const message = scanJson(error.error, RELAYED).top.raw('message') ?? '"Resource not found"';
  const data = `{"uri":${JSON.stringify(uri)}}`;
  return new UpstreamRpcError(`{"code":-32602,"message":${message},"data":${data}}`, -32602);
}
