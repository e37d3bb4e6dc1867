import { GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { SessionLostError } from '../upstreams/mcp/connection.js';

/** What went wrong with an upstream, in words that are fit to be stored and shown with it. */
export function reasonOf(error: unknown): string {
  if (error instanceof GatewayError) return detailed(error).message;
  if (error instanceof UpstreamRpcError)
    return `the upstream answered JSON-RPC error ${String(error.code)}`;
  if (error instanceof SessionLostError) return 'the upstream has forgotten the session';
  return 'unexpected failure, see the log';
}

/** 401 or 403: the upstream is up, and wants another credential (API.md §2.6). */
export function wantsCredential(error: unknown): boolean {
  const status = error instanceof GatewayError ? error.extras.data?.['status'] : undefined;
  return status === 401 || status === 403;
}

/** Whether the upstream answered at all: any JSON-RPC answer, 401 and 403 say that it is up. */
export function provesUp(error: unknown): boolean {
  return error instanceof UpstreamRpcError || wantsCredential(error);
}

/** We ourselves have no room for it. */
export function isOverload(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'overloaded';
}

/** Registration has one answer to all that keeps us from reading an upstream, but for its own refusals. */
export function unreachable(error: unknown): unknown {
  if (error instanceof GatewayError && error.code !== 'upstream_error') return detailed(error);
  return new GatewayError('upstream_unreachable', { reason: reasonOf(error) }, { cause: error });
}

/** The same for who looks after the upstream. */
function detailed(error: GatewayError): GatewayError {
  const { detail, ...wayUp } = error.extras.wayUp ?? {};
  if (detail === undefined) return error;
  const told = error.with({ wayUp });
  told.message = `${error.message} (${detail})`;
  return told;
}
