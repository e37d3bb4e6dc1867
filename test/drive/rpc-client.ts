import { HttpClient, type Exchange } from './http-client.js';

/** `/rpc`: the same words without a session. */
export class RpcClient extends HttpClient {
  constructor(base: string, token: string | null) {
    super(`${base}/rpc`, token);
  }

  /** Nothing to open: `/rpc` mints no session. */
  override initialize(): Promise<Exchange> {
    return this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'drive', version: '1' },
    });
  }
}
