import type { FieldFault, GatewayError } from './errors.js';

/** Where an error met a request. */
export interface ProblemPlace {
  /** Path as it was asked for, without query. */
  readonly path: string;
  /** The same as routes know it (`canonicalUrl`). */
  readonly route: string;
  readonly requestId: string;
}

/** The body of RFC 9457, with the members that clients of earlier gateways read. */
export function problemBody(error: GatewayError, place: ProblemPlace): Record<string, unknown> {
  const { row, extras } = error;
  return {
    type: `/docs/errors/${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.message,
    instance: place.path,
    code: error.code,
    requestId: place.requestId,
    ...(extras.errors === undefined ? {} : { errors: extras.errors.map(toFieldProblem) }),
    ...extras.data,
    ...forOlderClients(error, place.route),
  };
}

const GATEWAYS = /^\/gateways(?:\/|$)/;
const RENDERING = /^\/prompts\/[^/]+(?:\/render)?$/;

/** The members that some routes had before problem+json (API.md §1.4). */
function forOlderClients({ message, extras }: GatewayError, route: string): Record<string, string> {
  if (GATEWAYS.test(route)) return { message };
  if (!RENDERING.test(route)) return {};
  const details = extras.errors?.map(({ detail }) => detail).join('; ');
  return { message, details: details ?? message };
}

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

/** Response headers of an error, on both planes: 429 and 503 always say when to come back (API.md §1.4). */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const { row, extras } = error;
  const { retryAfterSeconds } = extras;
  const isLater = row.status === 429 || row.status === 503 || retryAfterSeconds !== undefined;
  return {
    ...(isLater ? { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds ?? 1))) } : {}),
    ...extras.headers,
  };
}
