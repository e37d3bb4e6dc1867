import { HttpException } from '@nestjs/common';
import { GatewayError, knownError } from '../kernel/errors.js';
import { type ProblemPlace, errorHeaders } from '../kernel/problem.js';

/** What the words of a problem are taken from besides the error. */
export interface ProblemContext extends ProblemPlace {
  readonly method: string;
  /** Methods that the path takes; empty when there is no such path. */
  allowed(): readonly string[];
}

/** Every error as one of the table; what is unknown becomes `internal_error` (API.md §1.4). */
export function toGatewayError(thrown: unknown, context: ProblemContext): GatewayError {
  if (thrown instanceof HttpException) {
    if (thrown.getStatus() === 404) return noRoute(context);
    if (thrown.getStatus() === 400)
      return new GatewayError('invalid_request', { reason: 'malformed path' }, { cause: thrown });
  }
  return knownError(thrown, context.requestId);
}

function noRoute(context: ProblemContext): GatewayError {
  const allowed = context.allowed();
  if (allowed.length > 0)
    return new GatewayError(
      'method_not_allowed',
      { allowed: allowed.join(', ') },
      { headers: { Allow: allowed.join(', ') } },
    );
  const { method, path } = context;
  return new GatewayError('route_not_found', { method, path: path.slice(0, 200) });
}

/** Headers that go with an error. */
export function problemHeaders(
  error: GatewayError,
  allowBasic: boolean,
): Record<string, string | string[]> {
  const { row, code } = error;
  const headers: Record<string, string | string[]> = {};
  if (row.status === 401) {
    const bearer = code === 'not_authenticated' ? 'Bearer' : 'Bearer error="invalid_token"';
    headers['WWW-Authenticate'] = allowBasic ? [bearer, 'Basic realm="MCP Gateway"'] : bearer;
  }
  // The rest of a body that was not read would be taken for the next request.
  if (code === 'payload_too_large') headers['Connection'] = 'close';
  return { ...headers, ...errorHeaders(error) };
}
