import { RPC_CODE } from '../../kernel/mcp.js';
import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { answeredBadly } from './upstream-fault.js';

/** JSON-RPC errors that a modern server sends with an HTTP status of its own (26 Streamable HTTP). */
const WITH_STATUS = [-32700, -32600, -32601, -32602, -32603, -32020, -32021];
const NOT_SERVED = [400, 404, 405];

/** The upstream says that the head of a request is not that of its body: nothing has run. */
export function refusesHeaders(error: unknown): boolean {
  return error instanceof UpstreamRpcError && error.code === RPC_CODE.headerMismatch;
}

/** A refusal as modern servers do not give it, or of the revision itself: nothing has run. */
export function doubtsEra(error: unknown): boolean {
  if (error instanceof UpstreamRpcError)
    return (
      error.code === RPC_CODE.unsupportedRevision ||
      (NOT_SERVED.includes(error.status) && !WITH_STATUS.includes(error.code))
    );
  const status = error instanceof GatewayError ? error.extras.data?.['status'] : undefined;
  return typeof status === 'number' && NOT_SERVED.includes(status);
}

/** What is wrong between the upstream and us is not the client's: its codes stay here (PROTOCOL.md §0). */
export function ownFault(error: unknown): unknown {
  if (!(error instanceof UpstreamRpcError)) return error;
  if (error.code !== RPC_CODE.headerMismatch && error.code !== RPC_CODE.unsupportedRevision)
    return error;
  const reason = `Upstream refused how the gateway asked (JSON-RPC error ${String(error.code)})`;
  return answeredBadly(reason, { cause: error });
}
