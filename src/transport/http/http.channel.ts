import type { ServerResponse } from 'node:http';
import type { Channel, TransportKind } from '../../kernel/call.js';
import type { Accepts } from './accept.js';
import { type Answers, flat } from './answer.js';
import { EventStream, type StreamLimits, encodeEvent } from './event-stream.js';

export interface ChannelOptions extends StreamLimits {
  readonly transport: TransportKind;
  readonly accepts: Accepts;
  /** Whether a plain answer may be JSON (`JSON_RESPONSE_ENABLED`). */
  readonly prefersJson: boolean;
  /** Whether the client can send answers back: it has a session. */
  readonly hasSession: boolean;
  readonly headers: readonly string[];
}

/**
 * The answer to one POST: JSON, or an event stream once anything precedes the answer
 * (PROTOCOL.md §2.5).
 */
export class HttpChannel implements Channel {
  readonly transport: TransportKind;
  readonly canNotify: boolean;
  readonly canAsk: boolean;
  private stream: EventStream | null = null;
  private timer: NodeJS.Timeout | null = null;
  private done = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly answers: Answers,
    private readonly options: ChannelOptions,
  ) {
    this.transport = options.transport;
    this.canNotify = options.accepts.stream;
    this.canAsk = options.accepts.stream && options.hasSession;
    if (!this.canNotify || options.keepaliveMs === 0) return;
    // Silence beyond the keep-alive interval makes a stream of it, so that something can be sent.
    this.timer = setTimeout(() => {
      if (!this.res.destroyed) this.open();
    }, options.keepaliveMs);
  }

  send(message: string): boolean {
    if (!this.canNotify || this.done || this.res.destroyed) return false;
    return this.open().send(message);
  }

  /** The answer itself. */
  finish(status: number, text: string, headers: Readonly<Record<string, string>> | null): void {
    if (!this.close()) return;
    const more =
      headers === null ? this.options.headers : this.options.headers.concat(flat(headers));
    const { accepts, prefersJson } = this.options;
    if (this.stream !== null) this.stream.end(encodeEvent(text));
    else if (this.canNotify && status === 200 && !(accepts.json && prefersJson)) {
      this.answers.openStream(this.res, more);
      this.res.end(encodeEvent(text));
    } else this.answers.sendJson(this.res, status, text, more);
  }

  /** No answer follows: a cancelled call ends as an empty event stream (PROTOCOL.md §4.4). */
  abandon(): void {
    if (!this.close()) return;
    if (this.stream === null && this.canNotify) this.open();
    if (this.stream !== null) this.stream.end();
    else this.answers.sendEmpty(this.res, 202, this.options.headers);
  }

  private close(): boolean {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.done || this.res.destroyed) {
      this.done = true;
      return false;
    }
    this.done = true;
    return true;
  }

  private open(): EventStream {
    if (this.stream === null) {
      this.answers.openStream(this.res, this.options.headers);
      this.stream = new EventStream(this.res, this.options);
    }
    return this.stream;
  }
}
