import type { OpenOptions } from '../../src/upstreams/mcp/connection.js';
import { aGateway } from './catalog.js';

/** How a connection to an upstream is opened, by a client that can do nothing and hears nothing. */
export function anOpening(more: Partial<OpenOptions> = {}): OpenOptions {
  return {
    gateway: aGateway(),
    credential: { headers: {}, query: {} },
    env: {},
    capabilities: '{}',
    clientInfo: '{"name":"spec","version":"1"}',
    initTimeoutMs: 5000,
    onNotification: () => undefined,
    onRequest: () => '"error":{"code":-32601,"message":"nobody"}',
    onAsks: () => undefined,
    onClosed: () => undefined,
    ...more,
  };
}
