import { GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import type { CircuitBreaker } from './circuit-breaker.js';

/** Whether an error says that the upstream was not reached, or broke off. */
export function isUnreached(error: GatewayError): boolean {
  const reach = error.extras.wayUp?.reach;
  if (reach !== undefined) return reach === 'failed';
  return error.code === 'upstream_unreachable';
}

/**
 * Tells the breaker how a call ended. Only what keeps us from an upstream counts: its own errors and
 * answers that are too large show that it is there; a slow tool or a cancelled call shows nothing.
 */
export function judge(breaker: CircuitBreaker, error: unknown, isProbe: boolean): void {
  if (error instanceof UpstreamRpcError) breaker.succeeded();
  else if (!(error instanceof GatewayError)) breaker.undecided(isProbe);
  else if (isUnreached(error)) breaker.failed(isProbe);
  else if (error.extras.wayUp?.reach === 'answered') breaker.succeeded();
  else breaker.undecided(isProbe);
}

/**
 * An error of connecting and initialising, as one of reaching the upstream: whatever is wrong with a
 * handshake, nobody is there to take a call. 401 and 403 are answers (API.md §2.6).
 */
export function ofOpening(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  if (error.code !== 'upstream_error' && error.code !== 'upstream_timeout') return error;
  const status = error.extras.data?.['status'];
  const reach = status === 401 || status === 403 ? 'answered' : 'failed';
  return error.with({ wayUp: { reach } });
}
