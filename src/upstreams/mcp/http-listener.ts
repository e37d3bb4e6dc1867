import { TextDecoder } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import type { Message } from '../../kernel/jsonrpc.js';
import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { HttpAddress } from './http-line.js';

const MAX_RETRY_MS = 30_000;
/** Longest event that an upstream may be writing. */
const MAX_EVENT_CHARS = 10_485_760;

/** Holds the GET stream of an upstream session open (25 Transports §Listening for Messages). */
export class HttpListener {
  private controller: Dispatcher.DispatchController | null = null;
  private timer: NodeJS.Timeout | null = null;
  private lastEventId: string | null = null;
  private failures = 0;
  private closed = false;
  /** The upstream has once taken this stream: a later 404 can only mean the session. */
  private hasStood = false;
  private settle: () => void = () => undefined;
  /** The upstream has taken the stream or refused it. */
  readonly answered = new Promise<void>((resolve) => {
    this.settle = resolve;
  });

  constructor(
    private readonly pool: Dispatcher,
    private readonly address: HttpAddress,
    private readonly onMessage: (message: Message) => void,
    /** The upstream says that the session is gone. */
    private readonly onLost: (reason: string) => void,
  ) {}

  open(): void {
    if (this.closed) return;
    this.timer = null;
    const headers = this.address.getHeaders(this.lastEventId);
    this.pool.dispatch({ path: this.address.path, method: 'GET', headers }, this.handler());
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.controller?.abort(new Error('closed'));
  }

  private handler(): Dispatcher.DispatchHandler {
    let status = 0;
    let isStream = false;
    const decoder = new TextDecoder('utf-8');
    const parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') isStream = false;
      },
      onEvent: (event) => {
        if (event.id !== undefined) this.lastEventId = event.id;
        if (event.data !== '') this.take(event.data);
      },
    });
    return {
      onRequestStart: (controller) => {
        this.controller = controller;
        if (this.closed) controller.abort(new Error('closed'));
      },
      onResponseStart: (controller, code, headers) => {
        status = code;
        this.settle();
        isStream =
          code === 200 && String(headers['content-type'] ?? '').startsWith('text/event-stream');
        if (isStream) {
          this.failures = 0;
          this.hasStood = true;
        } else controller.abort(new Error('no stream'));
      },
      onResponseData: (controller, chunk) => {
        if (isStream) parser.feed(decoder.decode(chunk, { stream: true }));
        if (!isStream) controller.abort(new Error('too large'));
      },
      onResponseEnd: () => {
        this.ended(status);
      },
      onResponseError: () => {
        this.ended(status);
      },
    };
  }

  private take(text: string): void {
    let message: Message;
    try {
      message = parseUpstreamMessage(text);
    } catch {
      // One bad event says nothing about the next; the stream itself is framed well.
      return;
    }
    this.onMessage(message);
  }

  private ended(status: number): void {
    this.controller = null;
    this.settle();
    if (this.closed) return;
    if (this.hasStood && (status === 404 || status === 410)) {
      this.closed = true;
      this.onLost('the upstream has forgotten the session');
      return;
    }
    // 405, and 404 where the path knows no GET: the upstream never speaks first. Other refusals are no better for being asked again soon.
    if (status >= 400 && status < 500) return;
    const wait = Math.min(1000 * 2 ** this.failures++, MAX_RETRY_MS);
    this.timer = setTimeout(() => {
      this.open();
    }, wait);
  }
}
