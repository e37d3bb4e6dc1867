import { Abort } from '../../kernel/abort.js';
import type { Caller } from '../../kernel/caller.js';
import { LATEST_MODERN } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { Greeting } from './connection.js';

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

/** What nobody has said yet. */
export const UNGREETED: Greeting = {
  era: 'modern',
  protocolVersion: LATEST_MODERN,
  capabilities: '{}',
  serverInfo: null,
  instructions: null,
};

/**
 * Legacy sessions have declared their capabilities when they were opened; a modern request of our own
 * declares all there are, because an upstream may hide what it thinks its client cannot use.
 */
const NO_CLIENT = {
  era: 'modern',
  revision: LATEST_MODERN,
  sessionId: null,
  capabilities:
    '{"roots":{},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}}}',
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
    target: '',
    params,
    meta: '',
    wantsProgress: false,
    mirrored: null,
    caller: GATEWAY_ITSELF,
    client: NO_CLIENT,
    logLevel: null,
    observer: null,
    abort: new Abort(),
    silenceMs: timeoutMs,
    totalMs: timeoutMs,
  };
}
