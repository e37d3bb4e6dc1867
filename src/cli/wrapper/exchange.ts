import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { LineCodec } from '../../kernel/line-codec.js';

/** What came of one HTTP request, once it is over. */
export interface Outcome {
  /** 0 when there was no answer. */
  readonly status: number;
  /** Media type of the answer, lower case, without parameters. */
  readonly type: string;
  readonly sessionId: string | null;
  /** Text of an answer that is no success or of a type that carries no messages; cut at 64 KiB. */
  readonly body: string;
  /** The connection failed, or broke before the end of the answer. */
  readonly error: Error | null;
  /** Whether the request may have reached the far end. */
  readonly wasSent: boolean;
  /** Id of the last event, where the stream can be resumed. */
  readonly lastEventId: string | null;
  /** Wait before a reconnect that the far end asked for, in ms. */
  readonly retryMs: number | null;
}

export interface ExchangeHooks {
  /** One JSON text of the answer. @param event its name, on an event stream that gives names */
  onText(text: string, event?: string): void;
  onHead?(status: number): void;
  /** Reader to wait for while it is behind. */
  readonly reader: { readonly isFull: boolean; onceDrained(go: () => void): void };
}

/** A request on its way. */
export interface Sent {
  readonly done: Promise<Outcome>;
  readonly isSent: boolean;
  /** Known once the answer begins. */
  readonly sessionId: string | null;
  abort(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;
const NDJSON = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

interface Feeder {
  feed(chunk: Buffer): void;
  end(): void;
}

/** One HTTP request whose answer is JSON, JSON lines or an event stream. */
export class Exchange implements Sent, Dispatcher.DispatchHandler {
  readonly done: Promise<Outcome>;
  private settle!: (outcome: Outcome) => void;
  private controller: Dispatcher.DispatchController | null = null;
  private feeder: Feeder | null = null;
  private refusal: Buffer[] | null = null;
  private refusalBytes = 0;
  private sent = false;
  private isAborted = false;
  private status = 0;
  private type = '';
  private session: string | null = null;
  private lastEventId: string | null = null;
  private retryMs: number | null = null;

  constructor(private readonly hooks: ExchangeHooks) {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get isSent(): boolean {
    return this.sent;
  }

  get sessionId(): string | null {
    return this.session;
  }

  abort(): void {
    this.isAborted = true;
    const why = new Error('no longer wanted');
    // Still connecting: nothing to stop yet, and nobody waits for it any more.
    if (this.controller === null) this.finish(why);
    else this.controller.abort(why);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isAborted) controller.abort(new Error('no longer wanted'));
    else this.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.type = (text(headers['content-type']) ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    this.session = text(headers['mcp-session-id']) ?? null;
    if (status < 300) this.feeder = this.feederOf(this.type);
    if (this.feeder === null) this.refusal = [];
    this.hooks.onHead?.(status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isAborted) return;
    if (this.feeder === null) {
      this.refusalBytes += chunk.length;
      if (this.refusalBytes <= MAX_REFUSAL_BYTES) this.refusal?.push(chunk);
      return;
    }
    try {
      this.feeder.feed(chunk);
    } catch (e) {
      controller.abort(e instanceof Error ? e : new Error(String(e)));
      return;
    }
    const { reader } = this.hooks;
    if (!reader.isFull) return;
    controller.pause();
    reader.onceDrained(() => controller.resume());
  }

  onResponseEnd(): void {
    try {
      if (!this.isAborted) this.feeder?.end();
      this.finish(null);
    } catch (e) {
      this.finish(e instanceof Error ? e : new Error(String(e)));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.finish(error);
  }

  private finish(error: Error | null): void {
    this.settle({
      status: this.status,
      type: this.type,
      sessionId: this.session,
      body: Buffer.concat(this.refusal ?? []).toString('utf8'),
      error,
      wasSent: this.sent,
      lastEventId: this.lastEventId,
      retryMs: this.retryMs,
    });
  }

  private feederOf(type: string): Feeder | null {
    if (type === 'text/event-stream') return this.events();
    if (type === 'application/json') return this.whole();
    return NDJSON.has(type) ? this.lines() : null;
  }

  private events(): Feeder {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const parser = createParser({
      maxBufferSize: MAX_ANSWER_BYTES,
      onEvent: (event) => {
        if (event.id !== undefined) this.lastEventId = event.id === '' ? null : event.id;
        if (event.data !== '' && !this.isAborted) this.hooks.onText(event.data, event.event);
      },
      onRetry: (ms) => {
        this.retryMs = Math.min(ms, 60_000);
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw new Error('an event is too long');
      },
    });
    return {
      feed: (chunk) => {
        parser.feed(decoder.decode(chunk, { stream: true }));
      },
      end: () => undefined,
    };
  }

  private lines(): Feeder {
    const codec = new LineCodec({
      maxLineBytes: MAX_ANSWER_BYTES,
      onLine: (line) => {
        if (line.trim() !== '') this.hooks.onText(line);
      },
      onFault: (fault) => {
        throw new Error(fault === 'overflow' ? 'a line is too long' : 'text that is no UTF-8');
      },
    });
    return {
      feed: (chunk) => {
        codec.push(chunk);
      },
      end: () => {
        codec.end();
      },
    };
  }

  private whole(): Feeder {
    const chunks: Buffer[] = [];
    let bytes = 0;
    return {
      feed: (chunk) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
        chunks.push(chunk);
      },
      end: () => {
        const body = Buffer.concat(chunks);
        if (!isUtf8(body)) throw new Error('text that is no UTF-8');
        if (body.length > 0) this.hooks.onText(body.toString('utf8'));
      },
    };
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
