import type { Era } from '../../kernel/mcp.js';
import { UpstreamRpcError, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { SessionLostError } from './connection.js';
import { type Head, answeredBadly, brokeOff, refusedByStatus } from './upstream-fault.js';

/** The head of an answer that is neither JSON nor an event stream under a good status. */
export interface RefusedHead {
  readonly status: number;
  readonly statusText: string;
  readonly contentType: string;
  readonly headers: Head;
}

/** Such an answer. */
export interface Refused {
  readonly head: RefusedHead;
  readonly text: string;
  /** The request itself had been taken: this refuses who came back for the answer. */
  readonly wasTaken: boolean;
  /** Of the request. */
  readonly id: number;
  readonly line: { readonly hasSession: boolean; readonly era: Era };
}

/** What such an answer means to the request. */
export function refusalOf(refused: Refused): Error {
  const { head, text, line } = refused;
  const { status, statusText, contentType, headers } = head;
  // Nothing proves any more that it did not run.
  if (refused.wasTaken)
    return brokeOff(
      `Upstream answered ${String(status)} to who came back for the answer, the outcome is unknown`,
    );
  if (line.hasSession && sessionLost(status, text)) return new SessionLostError();
  const challenge = challengeOf(head);
  const error = challenge === undefined ? rpcErrorIn(refused) : null;
  if (error !== null) return error;
  if (status > 299 || status < 200)
    return refusedByStatus(status, statusText, headers['retry-after'], challenge);
  return answeredBadly(
    `Upstream answered ${String(status)} with ${contentType || 'no content type'}`,
  );
}

/** What a refusal of the credential asks for, whatever its body says besides. */
function challengeOf({ status, headers }: RefusedHead): string | undefined {
  if (status !== 401 && status !== 403) return undefined;
  const challenge = headers['www-authenticate'];
  return Array.isArray(challenge) ? challenge.join(', ') : challenge;
}

/** A JSON-RPC error sent with an HTTP error status is still the answer, if it names our id. */
function rpcErrorIn({ head, text, id, line }: Refused): UpstreamRpcError | null {
  const { contentType, status } = head;
  if (!contentType.startsWith('application/json')) return null;
  try {
    const message = parseUpstreamMessage(text);
    const error = message.top.raw('error');
    return message.id === String(id) && error !== undefined
      ? new UpstreamRpcError(error, errorCode(error), line.era, status)
      : null;
  } catch {
    return null;
  }
}

/** 404, 410, or 400 that speaks of the session: the request was refused before it ran (PROTOCOL.md §3.3). */
function sessionLost(status: number, body: string): boolean {
  if (status === 404 || status === 410) return true;
  return status === 400 && /session|initiali[sz]/i.test(body.slice(0, 4096));
}

/** The code of an error object; 0 when it has none. */
function errorCode(error: string): number {
  const value: unknown = JSON.parse(error);
  const code = (value as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 0;
}
