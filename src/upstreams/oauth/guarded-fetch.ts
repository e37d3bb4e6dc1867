import type { FetchLike } from '@modelcontextprotocol/client';
import type { SafeClient } from '../../platform/http/safe-client.js';

const TIMEOUT_MS = 10_000;
/** Metadata, registrations and tokens are small. */
const MAX_BYTES = 262_144;
const WITHOUT_BODY = [101, 204, 205, 304];

/**
 * `fetch` for authorization servers, through the one door for outgoing HTTP: checked addresses, no
 * redirects (a 3xx is an answer like another), a limit for time and size.
 */
export function guardedFetch(client: SafeClient): FetchLike {
  return async (input, init) => {
    const reply = await client.request({
      url: new URL(input),
      method: init?.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(init?.headers).entries()),
      ...(init?.body === undefined || init.body === null ? {} : { body: bodyText(init.body) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    const hasBody = !WITHOUT_BODY.includes(reply.status);
    return new Response(hasBody ? new Uint8Array(reply.body) : null, {
      status: reply.status,
      headers: reply.headers,
    });
  };
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('only texts and forms are sent to authorization servers');
}
