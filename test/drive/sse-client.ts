import { PipeClient, type Taken } from './pipe-client.js';
import { SseReader } from './sse.js';

/** A bare client of the transport of 2024-11-05: one stream, and POSTs to where its first event says. */
export class SseClient extends PipeClient {
  /** Where to send, as the gateway said it. */
  endpoint = '';
  /** What the stream said of coming back. */
  reader: SseReader | null = null;
  private readonly abort = new AbortController();

  constructor(
    readonly url: string,
    private readonly token: string | null,
  ) {
    super();
  }

  get authorization(): Record<string, string> {
    return this.token === null ? {} : { authorization: `Bearer ${this.token}` };
  }

  /** Opens the stream. @returns its status */
  async connect(headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(this.url, {
      headers: { accept: 'text/event-stream', ...this.authorization, ...headers },
      signal: this.abort.signal,
    });
    if (response.status !== 200 || response.body === null) {
      await response.text();
      return response.status;
    }
    this.reader = new SseReader(response.body);
    const first = await this.reader.next();
    if (first?.event !== 'endpoint') throw new Error(`first event is ${String(first?.event)}`);
    this.endpoint = new URL(first.data, this.url).href;
    void this.pump(this.reader);
    return 200;
  }

  /** Resolves when the stream is over. */
  get closed(): Promise<void> {
    return this.reader?.closed ?? Promise.resolve();
  }

  async post(body: string, headers: Record<string, string> = {}): Promise<Taken> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.authorization, ...headers },
      body,
    });
    return { status: response.status, raw: await response.text() };
  }

  close(): Promise<number> {
    this.abort.abort();
    return Promise.resolve(204);
  }

  protected async open(): Promise<void> {
    const status = await this.connect();
    if (status !== 200) throw new Error(`the stream answered ${String(status)}`);
  }

  protected put(text: string): Promise<Taken> {
    return this.post(text);
  }

  private async pump(reader: SseReader): Promise<void> {
    for (let event = await reader.next(); event !== undefined; event = await reader.next())
      this.received(event.data);
  }
}
