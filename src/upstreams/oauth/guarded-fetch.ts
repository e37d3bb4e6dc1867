import type { FetchLike } from '@modelcontextprotocol/client';
import { GatewayError } from '../../kernel/errors.js';
import type { SafeClient } from '../../platform/http/safe-client.js';
import { refusedByStatus } from '../mcp/upstream-fault.js';

const TIMEOUT_MS = 10_000;
/** Metadata, registrations and tokens are small. */
const MAX_BYTES = 262_144;
const WITHOUT_BODY = [101, 204, 205, 304];

/**
 * `fetch` for authorization servers, through the one door for outgoing HTTP: checked addresses, no
 * redirects (a 3xx is an answer like another), a limit for time and size.
 * @param failed is told what says nothing of the request: no answer, or one of a server in trouble.
 *   As an answer to a POST that is thrown besides, whatever its body names.
 */
export function guardedFetch(
  client: SafeClient,
  failed: (fault: GatewayError) => void = () => undefined,
): FetchLike {
  return async (input, init) => {
    const method = init?.method === 'POST' ? 'POST' : 'GET';
    const sending = client.request({
      url: new URL(input),
      method,
      headers: Object.fromEntries(new Headers(init?.headers).entries()),
      ...(init?.body === undefined || init.body === null ? {} : { body: bodyText(init.body) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    const reply = await sending.catch((e: unknown) => {
      if (e instanceof GatewayError) failed(e);
      throw e;
    });
    if (isInTrouble(reply.status)) {
      const fault = refusedByStatus(reply.status);
      failed(fault);
      if (method === 'POST') throw fault;
    }
    const hasBody = !WITHOUT_BODY.includes(reply.status);
    return new Response(hasBody ? new Uint8Array(reply.body) : null, {
      status: reply.status,
      headers: reply.headers,
    });
  };
}

const isInTrouble = (status: number): boolean => status >= 500 || status === 429 || status === 408;

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('only texts and forms are sent to authorization servers');
}
