import { ERRORS, type ErrorCode } from '../../kernel/errors.js';
import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { EXIT } from '../exit-code.js';
import { shownUrl } from './endpoint.js';
import type { Outcome } from './exchange.js';

/** Why a request of the client has no answer of the gateway. */
export interface Fault {
  /** JSON-RPC error object as text. */
  readonly error: string;
  /** What ends the wrapper when its first request fails so; `null`: nothing. */
  readonly exitCode: number | null;
}

export function fault(code: ErrorCode, message: string, exitCode: number | null = null): Fault {
  return {
    error: JSON.stringify({ code: ERRORS[code].rpc, message, data: { code } }),
    exitCode,
  };
}

/** The fault in words, for a request that ended without an answer to it. */
export function faultOf(outcome: Outcome, url: URL): Fault {
  const where = shownUrl(url);
  if (outcome.error !== null) return brokenFault(outcome, outcome.error, where);
  const answered = rpcErrorIn(outcome.body);
  const { status } = outcome;
  if (status === 401 || status === 403) return refusedFault(status, answered, where);
  if (answered !== null)
    return { error: answered.text, exitCode: isDead(status, answered) ? EXIT.unreachable : null };
  if (status < 300)
    return fault(
      'upstream_error',
      isStream(outcome)
        ? `${where} ended its stream before the answer; the outcome is unknown`
        : `${where} answered ${String(status)} (${outcome.type || 'no content'}) without a JSON-RPC answer. Check the URL`,
      EXIT.unreachable,
    );
  const hint =
    status === 404 || status === 405
      ? 'Check the URL; it speaks neither Streamable HTTP nor HTTP+SSE'
      : "See the gateway's log";
  return fault('upstream_error', `${where} answered ${String(status)}. ${hint}`, EXIT.unreachable);
}

function brokenFault(outcome: Outcome, error: Error, where: string): Fault {
  const reason = describe(error);
  return outcome.wasSent
    ? fault(
        'upstream_error',
        `The connection to ${where} broke (${reason}); the outcome is unknown`,
        EXIT.unreachable,
      )
    : fault(
        'upstream_unreachable',
        `Cannot reach ${where}: ${reason}. Is the gateway running?`,
        EXIT.unreachable,
      );
}

function refusedFault(status: number, answered: RpcError | null, where: string): Fault {
  const code: ErrorCode = status === 401 ? 'not_authenticated' : 'forbidden';
  const why = answered === null ? String(status) : answered.message;
  const next =
    status === 401
      ? 'Check the token (MCPGATEWAY_TOKEN, --auth)'
      : 'Ask for a token that may use this server';
  const error = {
    code: answered?.code ?? ERRORS[code].rpc,
    message: `${where} refused: ${why}. ${next}`,
    data: answered?.data ?? { code },
  };
  return { error: JSON.stringify(error), exitCode: EXIT.denied };
}

interface RpcError {
  readonly text: string;
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** The JSON-RPC error that an HTTP error carries. */
export function rpcErrorIn(body: string): RpcError | null {
  try {
    const text = parseUpstreamMessage(body).top.raw('error');
    if (text === undefined) return null;
    const { code, message, data } = JSON.parse(text) as Record<string, unknown>;
    if (typeof code !== 'number' || typeof message !== 'string') return null;
    return { text, code, message, data };
  } catch {
    return rpcErrorWithoutId(body);
  }
}

/** Errors that precede the call have `"id":null`, which no message of the protocol may have. */
function rpcErrorWithoutId(body: string): RpcError | null {
  if (!/"id"\s*:\s*null/.test(body)) return null;
  const answer = body.replace(/"id"\s*:\s*null/, '"id":0');
  try {
    return parseUpstreamMessage(answer).top.has('error') ? rpcErrorIn(answer) : null;
  } catch {
    return null;
  }
}

/** 404 and 410 on a session mean that it is gone, unless they say that something else is. */
export function isSessionLost(outcome: Outcome): boolean {
  if (outcome.status !== 404 && outcome.status !== 410) return false;
  const data = rpcErrorIn(outcome.body)?.data;
  const code =
    typeof data === 'object' && data !== null && 'code' in data ? data.code : 'session_not_found';
  return code === 'session_not_found';
}

/** A modern request for a method that the gateway does not have is 404, too: nothing is wrong then. */
function isDead(status: number, { code }: RpcError): boolean {
  if (code === ERRORS.method_not_found.rpc) return false;
  return status === 404 || status === 405 || status >= 500;
}

function isStream(outcome: Outcome): boolean {
  return outcome.type === 'text/event-stream';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not found',
  ECONNRESET: 'connection closed',
  EPIPE: 'connection closed',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_CONNECT_TIMEOUT: 'connect timed out',
  ETIMEDOUT: 'connect timed out',
};

/** What went wrong with a connection, in words fit for the client. */
export function describe(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return REASONS[code] ?? (code === '' ? inner.message : code);
}
