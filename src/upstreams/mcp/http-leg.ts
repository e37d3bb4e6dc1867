import type { Dispatcher } from 'undici';
import { GatewayError } from '../../kernel/errors.js';
import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { utf8Text } from '../../platform/http/utf8-text.js';
import { type RefusedHead, refusalOf } from './http-refusal.js';
import { LegClock, type Waiting } from './leg-clock.js';
import { type LegLine, LegMessages } from './leg-messages.js';
import { LegStream } from './leg-stream.js';
import { readAnswer } from './read-answer.js';
import type { OpenRequest } from './unasked.js';
import { unbundled } from './unbundled.js';
import { answeredBadly, broken, brokeOff, timedOut } from './upstream-fault.js';

/** What a leg needs of its connection. */
export interface HttpLine extends LegLine {
  readonly era: Era;
  readonly maxResultBytes: number;
  readonly hasSession: boolean;
  /** The legacy revision that was agreed on; `null` before, and in the modern era. */
  readonly revision: string | null;
  /** Sends a POST with the body of this leg, or a GET that resumes after an event id. */
  dispatch(leg: HttpLeg, body: string | null, lastEventId: string | null): void;
  /** Tells the upstream that we no longer wait. */
  cancel(id: number, reason: string): void;
  /** The leg has its answer, whatever that is. */
  over(leg: HttpLeg): void;
}

const ENDED_EARLY = 'Upstream ended its stream before the answer, the outcome is unknown';

type Mode = 'none' | 'json' | 'stream' | 'refused';

/**
 * One request to a Streamable HTTP upstream: one POST, answered by JSON or by an event stream that
 * is resumed when the upstream hangs up before its answer (25 Transports §Resumability).
 */
export class HttpLeg implements Dispatcher.DispatchHandler, Waiting, OpenRequest {
  private controller: Dispatcher.DispatchController | null = null;
  readonly clock: LegClock;
  /** Made when the upstream says anything but its answer. */
  private messages: LegMessages | null = null;
  private mode: Mode = 'none';
  /** Of an answer that is none. */
  private refusal: RefusedHead | null = null;
  private chunks: Buffer[] = [];
  private bytes = 0;
  private stream: LegStream | null = null;
  private sent = false;
  private done = false;

  constructor(
    private readonly line: HttpLine,
    readonly id: number,
    readonly request: UpstreamRequest,
    private readonly resolve: (result: string) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.clock = new LegClock(request.silenceMs, request.totalMs, this);
  }

  start(body: string): void {
    this.request.abort.onAbort((reason) => {
      this.giveUp(new GatewayError('cancelled'), reason);
    });
    if (!this.done) this.line.dispatch(this, body, null);
  }

  ranOut(ms: number): void {
    this.giveUp(timedOut(this.request.method, ms), 'timed out, the gateway no longer waits');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.done) controller.abort(new Error('no longer wanted'));
    else this.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return;
    const type = headers['content-type'];
    const contentType = (typeof type === 'string' ? type : '').toLowerCase();
    if (status <= 299 && contentType.startsWith('application/json')) this.mode = 'json';
    else if (status <= 299 && contentType.startsWith('text/event-stream')) this.openStream();
    else {
      this.mode = 'refused';
      this.refusal = { status, statusText: statusText ?? '', contentType, headers };
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.done) return;
    this.bytes += chunk.length;
    if (this.bytes > this.line.maxResultBytes) {
      this.badly(`Result is larger than ${String(this.line.maxResultBytes)} bytes`);
      controller.abort(new Error('too large'));
    } else if (this.mode === 'stream') this.feed(controller, this.stream as LegStream, chunk);
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.done) return;
    if (this.mode === 'json') this.finishJson();
    else if (this.mode === 'stream') this.streamEnded();
    else this.finishRefused();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.done) return;
    if (this.mode === 'stream' && this.stream?.lastEventId !== null) this.streamEnded();
    else this.settle(null, broken(error, this.sent));
  }

  private openStream(): void {
    this.mode = 'stream';
    if (this.stream !== null) this.stream.reopened();
    else
      this.stream = new LegStream(this.line.era === 'legacy', (data) => {
        // The limit is one of messages; how many come before the answer is bounded by time.
        this.bytes = 0;
        if (!this.done) this.event(data);
      });
  }

  private feed(controller: Dispatcher.DispatchController, stream: LegStream, chunk: Buffer): void {
    try {
      stream.feed(chunk);
    } catch (e) {
      this.badly('Upstream sent text that is no UTF-8', e);
    }
    if (this.done) controller.abort(new Error('answered'));
    else if (this.messages !== null && !stream.isHeld) this.easeOff(stream);
  }

  /** While its client is too far behind, the upstream of this call is not read (PROTOCOL.md §4.5). */
  private easeOff(stream: LegStream): void {
    const caughtUp = (): void => {
      stream.release();
      this.clock.listen();
    };
    if (this.request.observer?.behind?.(caughtUp) !== true) return;
    stream.hold();
    // The upstream cannot be heard: it is not silent.
    this.clock.deafen();
  }

  private event(data: string): void {
    const message = this.parsed(data);
    if (message !== null) this.take(message);
  }

  private take(message: Message): void {
    if (message.kind !== 'response') this.said(message);
    else if (message.id === String(this.id)) this.answer(message);
    else this.line.dropped('response_id');
  }

  /** A notification or request that belongs to this leg. */
  said(message: Message): void {
    if (message.kind === 'request' && this.line.era === 'modern') {
      this.line.dropped('modern_request');
      return;
    }
    this.messages ??= new LegMessages(this.id, this.request, this.line, this.clock);
    this.messages.take(message);
  }

  /**
   * An upstream that breaks JSON within its stream has broken the stream.
   * @returns `null` also for several messages at once, which have been taken then
   */
  private parsed(text: string): Message | null {
    try {
      return parseUpstreamMessage(text);
    } catch (e) {
      const several = unbundled(text, this.line.revision);
      if (several === null) this.badly('Upstream sent a message that is no JSON-RPC', e);
      else for (const one of several) if (!this.done) this.take(one);
      return null;
    }
  }

  private finishJson(): void {
    const text = this.text();
    const message = text === null ? null : this.parsed(text);
    if (text === null) this.badly('Upstream sent text that is no UTF-8');
    else if (message?.kind === 'response' && message.id === String(this.id)) this.answer(message);
    else this.badly('Upstream answered another request than this one');
  }

  private answer(message: Message): void {
    const answer = readAnswer(message, this.line.era);
    if (typeof answer === 'string') this.settle(answer, null);
    else this.settle(null, answer);
  }

  private finishRefused(): void {
    const { id, line } = this;
    const head = this.refusal as RefusedHead;
    const wasTaken = this.stream?.wasResumed === true;
    this.settle(null, refusalOf({ head, id, line, wasTaken, text: this.text() ?? '' }));
  }

  private text(): string | null {
    const { chunks } = this;
    return utf8Text(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  }

  private streamEnded(): void {
    const stream = this.stream as LegStream;
    const pauseMs = stream.ended();
    if (pauseMs === null) this.settle(null, brokeOff(ENDED_EARLY));
    else
      setTimeout(() => {
        if (!this.done) this.line.dispatch(this, null, stream.lastEventId);
      }, pauseMs);
  }

  private giveUp(error: Error, reason: string): void {
    if (this.done) return;
    // `initialize` must not be cancelled (25 Cancellation §Cancellation Flow).
    if (this.sent && this.request.method !== 'initialize') this.line.cancel(this.id, reason);
    this.settle(null, error);
    this.controller?.abort(new Error(reason));
  }

  /** The upstream is there, but this is no answer. */
  private badly(reason: string, cause?: unknown): void {
    this.settle(null, answeredBadly(reason, { cause }));
  }

  private settle(result: string | null, error: Error | null): void {
    if (this.done) return;
    this.done = true;
    this.clock.stop();
    this.stream?.release();
    this.messages?.end();
    this.request.observer?.end();
    this.chunks = [];
    this.line.over(this);
    if (error === null) this.resolve(result as string);
    else this.reject(error);
  }
}
