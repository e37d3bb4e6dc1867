import { GatewayError } from '../../kernel/errors.js';

/** The upstream is there, but what it answered is of no use. */
export function answeredBadly(
  reason: string,
  more: { readonly cause?: unknown; readonly status?: number } = {},
): GatewayError {
  return new GatewayError(
    'upstream_error',
    { reason },
    {
      cause: more.cause,
      wayUp: { reach: 'answered' },
      ...(more.status === undefined ? {} : { data: { status: more.status } }),
    },
  );
}

/** The way to the upstream broke after bytes were sent: nobody knows what has run. */
export function brokeOff(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_error', { reason }, { cause, wayUp: { reach: 'failed' } });
}

/**
 * The connection that a request was to go on, or went on, has failed.
 * @param wasSent whether a byte of it may have arrived
 */
export function broken(error: Error, wasSent: boolean): Error {
  if (error instanceof GatewayError) return error;
  const reason = describe(error);
  if (!wasSent) return new GatewayError('upstream_unreachable', { reason }, { cause: error });
  const text = `Connection to the upstream broke (${reason}), the outcome is unknown`;
  return isFramingFault(error) ? answeredBadly(text, { cause: error }) : brokeOff(text, error);
}

/** A request has outlasted a clock of its own, of so many ms. */
export function timedOut(method: string, ms: number): GatewayError {
  const what = method === 'tools/call' ? 'Tool call' : method;
  return new GatewayError('upstream_timeout', { what, ms });
}

/**
 * The HTTP status itself is a refusal. What stands behind a server that answers 5xx cannot be reached;
 * 429 and 503 that say when to come back have not run the request (PROTOCOL.md §4.6).
 */
export function refusedByStatus(
  status: number,
  statusText = '',
  retryAfter?: string | string[],
  challenge?: string,
): GatewayError {
  const askAgainMs = status === 429 || status === 503 ? retryAfterMs(retryAfter) : null;
  return new GatewayError(
    'upstream_error',
    { reason: `Upstream answered ${String(status)} ${statusText}`.trim() },
    {
      data: { status },
      wayUp: {
        reach: status >= 500 ? 'failed' : 'answered',
        ...(askAgainMs === null ? {} : { askAgainMs }),
        ...(challenge === undefined ? {} : { challenge }),
      },
    },
  );
}

export type Head = Readonly<Record<string, string | string[] | undefined>>;

/** The same by the head of an answer. */
export function refusedByHead(status: number, headers: Head): GatewayError {
  const challenge = headers['www-authenticate'];
  const named = Array.isArray(challenge) ? challenge.join(', ') : challenge;
  return refusedByStatus(status, '', headers['retry-after'], named);
}

/** `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
export function retryAfterMs(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const ms = Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** An upstream that breaks the rules of HTTP, or sends too long a head, is there all the same. */
function isFramingFault(error: Error & { readonly code?: string }): boolean {
  const { code } = error;
  return code === 'UND_ERR_HEADERS_OVERFLOW' || code?.startsWith('HPE_') === true;
}

/** What went wrong with a connection, in words fit for the caller. */
export function describe(error: Error & { code?: string; errors?: unknown[] }): string {
  const inner = error.errors?.[0];
  const e = inner instanceof Error ? (inner as Error & { code?: string }) : error;
  switch (e.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'name not found';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'connection closed';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connect timed out';
    default:
      return e.code ?? 'connection failed';
  }
}
