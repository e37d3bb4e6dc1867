import type { ServerResponse } from 'node:http';
import type { Channel, ClientView, TransportKind } from '../../kernel/call.js';
import type { Accepts } from './accept.js';
import { type Answers, flat } from './answer.js';
import type { EventRings } from './event-rings.registry.js';
import { EventStream, type StreamLimits } from './event-stream.js';
import { ResumableStream } from './resumable-stream.js';

export interface ChannelOptions extends StreamLimits {
  readonly transport: TransportKind;
  readonly accepts: Accepts;
  /** Whether a plain answer may be JSON (`JSON_RESPONSE_ENABLED`). */
  readonly prefersJson: boolean;
  /** With a session it can send answers back, and come back to a stream. */
  readonly client: ClientView;
  readonly rings: EventRings;
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
  /** Called when a stream has become of it, before anything is said on it. */
  onOpened: (() => void) | null = null;
  private stream: EventStream | ResumableStream | null = null;
  private timer: NodeJS.Timeout | null = null;
  private done = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly answers: Answers,
    private readonly options: ChannelOptions,
  ) {
    this.transport = options.transport;
    this.canNotify = options.accepts.stream;
    this.canAsk = options.accepts.stream && options.client.sessionId !== null;
    if (!this.canNotify || options.keepaliveMs === 0) return;
    // Silence beyond the keep-alive interval makes a stream of it, so that something can be sent.
    this.timer = setTimeout(speakUp, options.keepaliveMs, this);
  }

  /** Called by the timer. */
  keepAlive(): void {
    if (!this.res.destroyed) this.open();
  }

  send(message: string): boolean {
    if (!this.canNotify || this.done || this.isGone) return false;
    return this.open().send(message);
  }

  behind(caughtUp: () => void): boolean {
    return this.stream?.behind(caughtUp) ?? false;
  }

  /** Whether a stream has become of it. */
  get isStream(): boolean {
    return this.stream !== null;
  }

  /** Whether a stream becomes of it even if nothing precedes the answer. */
  get wantsStream(): boolean {
    const { accepts, prefersJson } = this.options;
    return this.canNotify && !(accepts.json && prefersJson);
  }

  /** Whether somebody reads, or at least may still come back to a connection that is there. */
  get hasReader(): boolean {
    return this.stream instanceof ResumableStream ? this.stream.hasReader : !this.res.destroyed;
  }

  /** A client who is gone may come back to a stream that has begun. */
  private get isGone(): boolean {
    return this.res.destroyed && !(this.stream instanceof ResumableStream);
  }

  /** The answer itself. */
  finish(status: number, text: string, headers: Readonly<Record<string, string>> | null): void {
    if (!this.close()) return;
    const more =
      headers === null ? this.options.headers : this.options.headers.concat(flat(headers));
    if (this.stream !== null) this.stream.finish(text);
    else if (status === 200 && this.wantsStream) this.open(more).finish(text);
    else this.answers.sendJson(this.res, status, text, more);
  }

  /** No answer follows: a cancelled call ends as an empty event stream (PROTOCOL.md §4.4). */
  abandon(): void {
    if (!this.close()) return;
    if (this.stream === null && this.canNotify) this.open();
    if (this.stream !== null) this.stream.finish();
    else this.answers.sendEmpty(this.res, 202, this.options.headers);
  }

  private close(): boolean {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.done || this.isGone) {
      this.done = true;
      return false;
    }
    this.done = true;
    return true;
  }

  private open(headers = this.options.headers): EventStream | ResumableStream {
    if (this.stream !== null) return this.stream;
    this.answers.openStream(this.res, headers);
    const reader = new EventStream(this.res, this.options);
    const stream = this.resumable(reader) ?? reader;
    this.stream = stream;
    this.onOpened?.();
    return stream;
  }

  /** Event ids are there from 2025-03-26 on, the first, empty event from 2025-11-25 on. */
  private resumable(reader: EventStream): ResumableStream | null {
    const { client, rings } = this.options;
    if (client.sessionId === null || client.revision === '2024-11-05') return null;
    const stream = rings.open(client.sessionId);
    if (stream === null) return null;
    stream.begin(reader, rings.retryFor(client.revision));
    this.res.on('close', () => {
      stream.left(reader);
    });
    return stream;
  }
}

function speakUp(channel: HttpChannel): void {
  channel.keepAlive();
}
