import { CLAIM } from '../../src/kernel/mcp.js';
import { encodeHeaderValue, memberInName } from '../../src/kernel/mirrored-headers.js';
import { HttpClient, type Exchange, type RpcMessage } from './http-client.js';
import type { Loose } from './rest.js';
import { SseReader } from './sse.js';

interface ModernOptions {
  readonly headers?: Record<string, string>;
  /** Members of `_meta` besides the claim. */
  readonly meta?: Loose;
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: RpcMessage) => void;
}

/** A bare client of revision 2026-07-28: each request stands alone, with the headers it needs. */
export class ModernClient extends HttpClient {
  capabilities: Loose = {};
  private nextId = 0;

  private body(method: string, params: Loose, meta: Loose = {}): Loose {
    const claim = {
      [CLAIM.protocolVersion]: '2026-07-28',
      [CLAIM.clientCapabilities]: this.capabilities,
      [CLAIM.clientInfo]: { name: 'drive', version: '1' },
    };
    const id = ++this.nextId;
    return { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...claim, ...meta } } };
  }

  mirrored(method: string, params: Loose = {}): Record<string, string> {
    const member = memberInName(method);
    const name = member === undefined ? undefined : (params[member] as string | undefined);
    return {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': encodeHeaderValue(name) }),
    };
  }

  override request(
    method: string,
    params: Loose = {},
    options: ModernOptions = {},
  ): Promise<Exchange> {
    const { headers, meta, ...rest } = options;
    return this.send(JSON.stringify(this.body(method, params, meta)), {
      ...rest,
      headers: { ...this.mirrored(method, params), ...headers },
    });
  }

  override call(name: string, args: Loose = {}, options: ModernOptions = {}): Promise<Exchange> {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  /** Opens `subscriptions/listen`. */
  async subscribe(
    notifications: Loose,
    signal: AbortSignal,
  ): Promise<{ readonly id: number; readonly response: Response; readonly events: SseReader }> {
    const method = 'subscriptions/listen';
    const body = this.body(method, { notifications });
    const response = await this.raw(JSON.stringify(body), this.mirrored(method), signal);
    if (response.body === null) throw new Error('no body');
    return { id: body.id as number, response, events: new SseReader(response.body) };
  }
}
