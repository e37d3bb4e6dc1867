import { HttpException } from '@nestjs/common';
import { type FieldFault, GatewayError } from '../kernel/errors.js';

/** What the words of a problem are taken from besides the error. */
export interface ProblemContext {
  readonly method: string;
  /** Path as it was asked for, without query. */
  readonly path: string;
  readonly requestId: string;
  /** Methods that the path takes; empty when there is no such path. */
  allowed(): readonly string[];
}

/** Every error as one of the table; what is unknown becomes `internal_error` (API.md §1.4). */
export function toGatewayError(thrown: unknown, context: ProblemContext): GatewayError {
  if (isKnown(thrown)) return thrown;
  if (thrown instanceof HttpException) {
    if (thrown.getStatus() === 404) return noRoute(context);
    if (thrown.getStatus() === 400)
      return new GatewayError('invalid_request', { reason: 'malformed path' }, { cause: thrown });
  }
  return new GatewayError('internal_error', { requestId: context.requestId }, { cause: thrown });
}

const isKnown = (thrown: unknown): thrown is GatewayError => thrown instanceof GatewayError;

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

/** The body of RFC 9457, with the members that clients of earlier gateways read. */
export function problemBody(error: GatewayError, context: ProblemContext): Record<string, unknown> {
  const { row, extras } = error;
  return {
    type: `/docs/errors/${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.message,
    instance: context.path,
    code: error.code,
    requestId: context.requestId,
    ...(extras.errors === undefined ? {} : { errors: extras.errors.map(toFieldProblem) }),
    ...extras.data,
    ...(isGatewayRoute(context.path) ? { message: error.message } : {}),
  };
}

const isGatewayRoute = (path: string): boolean => /^(?:\/v1)?\/gateways(?:\/|$)/.test(path);

/** `loc`, `msg` and `type` are what clients of earlier gateways know (API.md §1.12). */
function toFieldProblem(fault: FieldFault): Record<string, unknown> {
  const keys = fault.pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return {
    pointer: fault.pointer,
    detail: fault.detail,
    loc: ['body', ...keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key))],
    msg: fault.detail,
    type: fault.type ?? 'value_error',
  };
}

/** Headers that go with an error. */
export function problemHeaders(
  error: GatewayError,
  allowBasic: boolean,
): Record<string, string | string[]> {
  const { row, extras, code } = error;
  const headers: Record<string, string | string[]> = {};
  if (row.status === 401) {
    const bearer = code === 'not_authenticated' ? 'Bearer' : 'Bearer error="invalid_token"';
    headers['WWW-Authenticate'] = allowBasic ? [bearer, 'Basic realm="MCP Gateway"'] : bearer;
  }
  if (row.status === 429 || row.status === 503 || extras.retryAfterSeconds !== undefined)
    headers['Retry-After'] = String(Math.max(1, Math.ceil(extras.retryAfterSeconds ?? 1)));
  // The rest of a body that was not read would be taken for the next request.
  if (code === 'payload_too_large') headers['Connection'] = 'close';
  return { ...headers, ...extras.headers };
}
