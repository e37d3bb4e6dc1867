import { HttpClient, type Exchange, type RpcMessage } from '../drive/http-client.js';
import { CAPABILITIES, claimed, inRounds, mirrored, resultOf } from './peer.js';
import type { Asking, Peer, Said } from './peer.js';

function said({ answer, raw, before, status }: Exchange): Said {
  if (answer === undefined) throw new Error(`status ${String(status)} without an answer: ${raw}`);
  return {
    answer,
    result: resultOf(raw),
    notices: before.filter((m) => m.id === undefined),
    asked: before.flatMap((m) => (m.id === undefined ? [] : [m.method ?? ''])).sort(),
  };
}

/** Streamable HTTP of the legacy era, with a session. */
export async function httpLegacy(url: string, token: string | null): Promise<Peer> {
  const client = new HttpClient(url, token);
  await client.initialize(CAPABILITIES);
  return {
    era: 'legacy',
    async request(method, params = {}, asking = {}) {
      const body = asking.meta === undefined ? params : { ...params, _meta: asking.meta };
      const respond = (request: RpcMessage) => ({
        result: asking.answering?.(request.method ?? '', request.params),
      });
      return said(await client.request(method, body, { respond }));
    },
    async close() {
      await client.close();
    },
  };
}

/** POSTs that claim 2026-07-28, to an MCP endpoint or to `/rpc`. */
export function httpModern(url: string, token: string | null): Peer {
  const client = new HttpClient(url, token);
  const once = async (method: string, params: object, asking: Asking) => {
    const body = claimed(params, asking.meta);
    return said(await client.request(method, body, { headers: mirrored(method, body) }));
  };
  return {
    era: 'modern',
    request: (method, params = {}, asking = {}) =>
      inRounds(params, asking, (next, how) => once(method, next, how)),
    close: () => Promise.resolve(),
  };
}

/** `/rpc` without a claim: one JSON object per request, nothing before it. */
export function rpcLegacy(url: string, token: string | null): Peer {
  const client = new HttpClient(url, token);
  return {
    era: 'legacy',
    async request(method, params = {}, asking = {}) {
      const body = asking.meta === undefined ? params : { ...params, _meta: asking.meta };
      return said(await client.request(method, body));
    },
    close: () => Promise.resolve(),
  };
}
