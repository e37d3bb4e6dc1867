import type { Exchange, McpClient, Options, RpcMessage } from './http-client.js';

interface Waiting {
  /** The id as JSON; `null` when the message had none that could be read. */
  readonly id: string | null;
  readonly options: Options;
  readonly before: RpcMessage[];
  answered: (raw: string, answer: RpcMessage) => void;
}

/** How a message was taken, where the channel says so. */
export interface Taken {
  readonly status: number;
  readonly raw: string;
}

/**
 * A client on a channel that all messages share. `status` is what was said to the POST where there is
 * one and it was a refusal; else what Streamable HTTP would have said.
 */
export abstract class PipeClient implements McpClient {
  /** Everything that came, in order. */
  readonly heard: RpcMessage[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly listeners = new Set<() => void>();
  private lastId = 0;

  protected abstract open(): Promise<void>;
  protected abstract put(text: string): Promise<Taken>;
  abstract close(): Promise<number>;

  async send(message: string, options: Options = {}): Promise<Exchange> {
    const { isRequest, id } = looked(message);
    const headers = new Headers();
    if (!isRequest) {
      const { status, raw } = await this.put(message);
      return { status, headers, raw, answer: undefined, before: [] };
    }
    const before: RpcMessage[] = [];
    const entry: Waiting = { id, options, before, answered: () => undefined };
    const answered = new Promise<{ raw: string; answer: RpcMessage }>((resolve) => {
      entry.answered = (raw, answer) => {
        resolve({ raw, answer });
      };
    });
    this.waiting.push(entry);
    const { status, raw } = await this.put(message);
    if (status < 300) return { status: 200, headers, before, ...(await answered) };
    this.forget(entry);
    return { status, headers, raw, answer: JSON.parse(raw) as RpcMessage, before };
  }

  request(method: string, params: unknown = {}, options: Options = {}): Promise<Exchange> {
    const id = ++this.lastId;
    return this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), options);
  }

  call(name: string, args: unknown = {}, options: Options = {}): Promise<Exchange> {
    return this.request('tools/call', { name, arguments: args }, options);
  }

  async notify(method: string, params: unknown = {}): Promise<number> {
    return (await this.send(JSON.stringify({ jsonrpc: '2.0', method, params }))).status;
  }

  async initialize(capabilities: unknown = {}, revision = '2025-11-25'): Promise<Exchange> {
    await this.open();
    const exchange = await this.request('initialize', {
      protocolVersion: revision,
      capabilities,
      clientInfo: { name: 'drive', version: '1' },
    });
    await this.notify('notifications/initialized');
    return exchange;
  }

  /** The first message that passes, of those that came or will come. */
  hears(passes: (message: RpcMessage) => boolean): Promise<RpcMessage> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.heard.find(passes);
        if (found === undefined) return;
        this.listeners.delete(look);
        resolve(found);
      };
      this.listeners.add(look);
      look();
    });
  }

  protected received(text: string): void {
    const message = JSON.parse(text) as RpcMessage;
    this.heard.push(message);
    if (message.method === undefined) this.answered(message, text);
    else for (const entry of this.waiting) this.preceded(entry, message);
    for (const listener of this.listeners) listener();
  }

  private answered(message: RpcMessage, raw: string): void {
    const id = message.id === null ? null : JSON.stringify(message.id);
    // Who cannot be read is answered without an id.
    const fallback = id === null ? this.waiting[0] : undefined;
    const entry = this.waiting.find((w) => w.id === id) ?? fallback;
    if (entry === undefined) return;
    this.forget(entry);
    entry.answered(raw, message);
  }

  private preceded({ before, options }: Waiting, message: RpcMessage): void {
    before.push(message);
    options.onMessage?.(message);
    if (message.id === undefined || options.respond === undefined) return;
    const answer = { jsonrpc: '2.0', id: message.id, ...options.respond(message) };
    void this.put(JSON.stringify(answer));
  }

  private forget(entry: Waiting): void {
    const at = this.waiting.indexOf(entry);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}

/** Whether an answer will come, and under which id. */
function looked(text: string): { isRequest: boolean; id: string | null } {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { isRequest: true, id: null };
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    return { isRequest: true, id: null };
  const { id, method } = message as { id?: unknown; method?: unknown };
  const isReadable = typeof id === 'string' || Number.isSafeInteger(id);
  if (id === undefined) return { isRequest: false, id: null };
  const isAnswer = method === undefined && ('result' in message || 'error' in message);
  return { isRequest: !isAnswer, id: isReadable ? JSON.stringify(id) : null };
}
