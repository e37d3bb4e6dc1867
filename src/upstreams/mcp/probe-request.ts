import { Abort } from '../../kernel/abort.js';
import type { Caller } from '../../kernel/caller.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';

const GATEWAY_ITSELF: Caller = {
  principal: 'system',
  type: 'system',
  role: 'admin',
  permissions: new Set(),
  scopes: null,
  limiterKey: 'system',
  principalHash: 'system',
  visibility: '*',
  expiresAt: Infinity,
  tokenId: null,
};

const NO_CLIENT = {
  era: 'legacy',
  revision: LATEST_LEGACY,
  sessionId: null,
  capabilities: '{}',
  clientInfo: null,
  logLevel: null,
} as const;

/**
 * A request of the gateway itself: handshake, ping, lists.
 * @param params inside of its params object
 * @param timeoutMs absolute end
 */
export function probeRequest(method: string, params: string, timeoutMs: number): UpstreamRequest {
  return {
    method,
    params,
    meta: '',
    wantsProgress: false,
    caller: GATEWAY_ITSELF,
    client: NO_CLIENT,
    observer: null,
    abort: new Abort(),
    silenceMs: timeoutMs,
    totalMs: timeoutMs,
  };
}
