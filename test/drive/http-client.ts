import type { Loose } from './rest.js';
import { SseReader } from './sse.js';

export interface RpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Loose;
  readonly result?: Loose;
  readonly error?: { code: number; message: string; data?: Loose };
}

/** The answer to one POST: what preceded it, itself, and both as they stood on the wire. */
export interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  /** The response message; `undefined` for 202 and for streams that ended without one. */
  readonly answer: RpcMessage | undefined;
  /** The text of the response message, byte for byte. */
  readonly raw: string;
  readonly before: readonly RpcMessage[];
}

export interface Options {
  readonly headers?: Record<string, string>;
  /** Answers requests of the server. */
  readonly respond?: (request: RpcMessage) => Partial<RpcMessage>;
  readonly onMessage?: (message: RpcMessage) => void;
  readonly signal?: AbortSignal;
}

/** What every client of the drive can do, whatever it speaks over. */
export interface McpClient {
  send(message: string, options?: Options): Promise<Exchange>;
  request(method: string, params?: unknown, options?: Options): Promise<Exchange>;
  call(name: string, args?: unknown, options?: Options): Promise<Exchange>;
  notify(method: string, params?: unknown): Promise<number>;
  initialize(capabilities?: unknown, revision?: string): Promise<Exchange>;
  close(): Promise<number>;
}

/** A bare Streamable HTTP client of the legacy era: sends what it is told, hides nothing. */
export class HttpClient implements McpClient {
  sessionId: string | null = null;
  revision = '2025-11-25';
  private lastId = 0;

  constructor(
    readonly url: string,
    private readonly token: string | null,
  ) {}

  headers(more: Record<string, string> = {}): Record<string, string> {
    return {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
      ...(this.sessionId === null
        ? {}
        : { 'mcp-session-id': this.sessionId, 'mcp-protocol-version': this.revision }),
      ...more,
    };
  }

  /** Any body, any header; the answer unread. */
  raw(body: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: this.headers(headers),
      body,
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async send(message: string, options: Options = {}): Promise<Exchange> {
    const response = await this.raw(message, options.headers, options.signal);
    const head = { status: response.status, headers: response.headers };
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream') || response.body === null) {
      const raw = await response.text();
      const isJson = type.startsWith('application/json') && raw !== '';
      const answer = isJson ? (JSON.parse(raw) as RpcMessage) : undefined;
      return { ...head, raw, answer, before: [] };
    }
    return { ...head, ...(await this.drain(response.body, options)) };
  }

  private async drain(body: ReadableStream<Uint8Array>, options: Options) {
    const reader = new SseReader(body);
    const before: RpcMessage[] = [];
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      if (event.data === '') continue;
      const message = JSON.parse(event.data) as RpcMessage;
      if (message.method === undefined) return { answer: message, raw: event.data, before };
      before.push(message);
      options.onMessage?.(message);
      if (message.id !== undefined && options.respond !== undefined)
        await this.send(
          JSON.stringify({ jsonrpc: '2.0', id: message.id, ...options.respond(message) }),
        );
    }
    return { answer: undefined, raw: '', before };
  }

  async request(method: string, params: unknown = {}, options: Options = {}): Promise<Exchange> {
    const id = ++this.lastId;
    return this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), options);
  }

  call(name: string, args: unknown = {}, options: Options = {}): Promise<Exchange> {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  async notify(method: string, params: unknown = {}): Promise<number> {
    const { status } = await this.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
    return status;
  }

  /** Opens a session; `sessionId` and `revision` are kept for what follows. */
  async initialize(capabilities: unknown = {}, revision = '2025-11-25'): Promise<Exchange> {
    const exchange = await this.request('initialize', {
      protocolVersion: revision,
      capabilities,
      clientInfo: { name: 'drive', version: '1' },
    });
    this.sessionId = exchange.headers.get('mcp-session-id');
    this.revision =
      (exchange.answer?.result?.['protocolVersion'] as string | undefined) ?? revision;
    await this.notify('notifications/initialized');
    return exchange;
  }

  /** The listening stream, its messages only. @param lastEventId where an earlier one was lost */
  async listen(
    signal: AbortSignal,
    lastEventId?: string,
  ): Promise<{ status: number; events: SseReader | null }> {
    const { 'content-type': _, ...headers } = this.headers({
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    });
    const response = await fetch(this.url, { headers, signal });
    if (response.status !== 200 || response.body === null) {
      await response.text();
      return { status: response.status, events: null };
    }
    return { status: 200, events: new SseReader(response.body, true) };
  }

  async close(): Promise<number> {
    const { 'content-type': _, ...headers } = this.headers();
    const response = await fetch(this.url, { method: 'DELETE', headers });
    await response.text();
    return response.status;
  }
}
