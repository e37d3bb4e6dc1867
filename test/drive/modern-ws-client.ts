import { CLAIM } from '../../src/kernel/mcp.js';
import type { Exchange, Options, RpcMessage } from './http-client.js';
import type { Loose } from './rest.js';
import { WsClient } from './ws-client.js';

/** A bare client of revision 2026-07-28 over WebSocket: each request makes its claim, nothing opens. */
export class ModernWsClient extends WsClient {
  capabilities: Loose = {};
  private counter = 0;

  static async connected(
    url: string,
    token: string,
    capabilities: Loose = {},
  ): Promise<ModernWsClient> {
    const client = new ModernWsClient(url, token);
    client.capabilities = capabilities;
    await client.open();
    return client;
  }

  /** The text of a request. */
  text(id: string, method: string, params: Loose = {}, meta: Loose = {}): string {
    const claim = {
      [CLAIM.protocolVersion]: '2026-07-28',
      [CLAIM.clientCapabilities]: this.capabilities,
      [CLAIM.clientInfo]: { name: 'drive', version: '1' },
      ...meta,
    };
    return JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: claim } });
  }

  override request(
    method: string,
    params: Loose = {},
    { meta, ...options }: Options & { readonly meta?: Loose } = {},
  ): Promise<Exchange> {
    return this.send(this.text(`m${String(++this.counter)}`, method, params, meta), options);
  }

  override call(
    name: string,
    args: Loose = {},
    options: Options & { readonly meta?: Loose } = {},
  ): Promise<Exchange> {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  /** Opens `subscriptions/listen` and waits for what is granted. */
  async subscribe(id: string, notifications: Loose): Promise<RpcMessage> {
    void this.send(this.text(id, 'subscriptions/listen', { notifications }));
    return this.hears(
      (m) => m.method === 'notifications/subscriptions/acknowledged' && subscriptionOf(m) === id,
    );
  }
}

/** The subscription that a notification belongs to. */
export function subscriptionOf({ params }: RpcMessage): unknown {
  return params?.['_meta']?.[CLAIM.subscriptionId];
}
