import { TextDecoder } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import type { UpstreamCredential } from '../../kernel/catalog.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { LiveCredential } from '../oauth/live-credential.js';
import { isEventId } from './event-id.js';
import type { HttpAddress } from './http-line.js';
import { unbundled } from './unbundled.js';
import { type Head, refusedByHead, retryAfterMs } from './upstream-fault.js';

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** Who is refused for itself is not better off for asking often: every session above has such a stream. */
const MAX_REFUSED_PAUSE_MS = 300_000;
/** The longest pause that an upstream may wish for. */
const MAX_WISH_MS = 3_600_000;
/** Refusals of the moment: the stream before is not over yet, or there are too many (PROTOCOL.md §6.4). */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);
/** Longest event that an upstream may be writing. */
const MAX_EVENT_CHARS = 10_485_760;

/** Holds the GET stream of an upstream session open (25 Transports §Listening for Messages). */
export class HttpListener {
  private controller: Dispatcher.DispatchController | null = null;
  private timer: NodeJS.Timeout | null = null;
  private lastEventId: string | null = null;
  private retryMs = 0;
  private failures = 0;
  private closed = false;
  /** The headers that the open request went with. */
  private used: UpstreamCredential['headers'] = {};
  /** The credential was renewed for this stream, which has not stood since. */
  private isRenewed = false;
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
    this.used = this.address.credential.headers;
    // A better one is looked for as after a refusal.
    if (this.address.isLoggedOut) {
      this.ended(401, {});
      return;
    }
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
    let head: Head = {};
    let isStream = false;
    let hasStood = false;
    const decoder = new TextDecoder('utf-8');
    const parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') isStream = false;
      },
      onEvent: (event) => {
        if (isEventId(event.id)) this.lastEventId = event.id;
        if (event.data !== '') this.take(event.data);
      },
      onRetry: (ms) => {
        this.retryMs = Math.min(ms, MAX_WISH_MS);
      },
    });
    return {
      onRequestStart: (controller) => {
        this.controller = controller;
        if (this.closed) controller.abort(new Error('closed'));
      },
      onResponseStart: (controller, code, headers) => {
        status = code;
        head = headers;
        isStream =
          code === 200 && String(headers['content-type'] ?? '').startsWith('text/event-stream');
        hasStood = isStream;
        if (isStream) this.stands();
        else controller.abort(new Error('no stream'));
      },
      onResponseData: (controller, chunk) => {
        if (isStream) parser.feed(decoder.decode(chunk, { stream: true }));
        if (!isStream) controller.abort(new Error('too large'));
      },
      onResponseEnd: () => {
        this.ended(hasStood ? 0 : status, head);
      },
      onResponseError: () => {
        this.ended(hasStood ? 0 : status, head);
      },
    };
  }

  private take(text: string): void {
    let message: Message;
    try {
      message = parseUpstreamMessage(text);
    } catch {
      // One bad event says nothing about the next; the stream itself is framed well.
      for (const one of unbundled(text, this.address.revision) ?? []) this.onMessage(one);
      return;
    }
    this.onMessage(message);
  }

  private stands(): void {
    this.failures = 0;
    this.hasStood = true;
    this.isRenewed = false;
    this.settle();
  }

  /** @param status 0 = it stood, or there was no answer */
  private ended(status: number, head: Head): void {
    this.controller = null;
    if (this.closed) return;
    const { credential } = this.address;
    if (!isForbidden(status)) this.isRenewed = false;
    if (status === 404 || status === 410) this.notFound();
    // It never speaks first (25 Transports §Listening for Messages).
    else if (status === 405) this.settle();
    else if (isForbidden(status) && !this.isRenewed && credential instanceof LiveCredential)
      void this.renew(credential, status, head);
    else this.again(status, head);
  }

  private notFound(): void {
    this.settle();
    // The path knows no GET.
    if (!this.hasStood) return;
    this.closed = true;
    this.onLost('the upstream has forgotten the session');
  }

  /** Opens it once more with a better credential, as a call would go on (PROTOCOL.md §7.4). */
  private async renew(credential: LiveCredential, status: number, head: Head): Promise<void> {
    this.isRenewed = true;
    const renewal = await credential.renew(refusedByHead(status, head), this.used).catch(() => {
      // Nobody knows whether it is good: the next refusal asks again.
      this.isRenewed = false;
      return 'refused';
    });
    if (this.closed) return;
    if (renewal === 'again') this.open();
    else this.again(status, head);
  }

  private again(status: number, head: Head): void {
    this.settle();
    const isRefused = status > 0 && status < 500 && !PASSING.has(status);
    // It may be the id that is refused: a stream without the past is better than none.
    if (isRefused && !isForbidden(status)) this.lastEventId = null;
    const longest = isRefused ? MAX_REFUSED_PAUSE_MS : MAX_PAUSE_MS;
    const backOff = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, longest);
    const wished = Math.min(retryAfterMs(head['retry-after']) ?? 0, MAX_WISH_MS);
    this.timer = setTimeout(
      () => {
        this.open();
      },
      // A refusal says when; who says nothing is asked ever less often.
      wished > 0 ? Math.max(wished, this.retryMs) : Math.max(backOff, this.retryMs),
    );
  }
}

function isForbidden(status: number): boolean {
  return status === 401 || status === 403;
}
