import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { GatewayError } from '../../kernel/errors.js';
import { type Message, UpstreamRpcError, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { SessionLostError } from './connection.js';
import { LegClock, type Waiting } from './leg-clock.js';
import { type LegLine, LegMessages } from './leg-messages.js';
import { answeredBadly, brokeOff, isFramingFault, refusedByStatus } from './upstream-fault.js';

/** What a leg needs of its connection. */
export interface HttpLine extends LegLine {
  readonly era: Era;
  readonly maxResultBytes: number;
  readonly hasSession: boolean;
  /** Sends a POST with the body of this leg, or a GET that resumes after an event id. */
  dispatch(leg: HttpLeg, body: string | null, lastEventId: string | null): void;
  /** Tells the upstream that we no longer wait. */
  cancel(id: number, reason: string): void;
}

const MAX_RESUMES = 20;
const DEFAULT_RETRY_MS = 1000;

type Mode = 'none' | 'json' | 'stream' | 'refused';

/**
 * One request to a Streamable HTTP upstream: one POST, answered by JSON or by an event stream that
 * is resumed when the upstream hangs up before its answer (25 Transports §Resumability).
 */
export class HttpLeg implements Dispatcher.DispatchHandler, Waiting {
  private controller: Dispatcher.DispatchController | null = null;
  private readonly clock: LegClock;
  /** Made when the upstream says anything but its answer. */
  private messages: LegMessages | null = null;
  private mode: Mode = 'none';
  private status = 0;
  private statusText = '';
  private contentType = '';
  private retryAfter: string | string[] | undefined;
  private chunks: Buffer[] = [];
  private bytes = 0;
  private parser: EventSourceParser | null = null;
  private decoder: TextDecoder | null = null;
  private lastEventId: string | null = null;
  private retryMs = DEFAULT_RETRY_MS;
  private resumes = 0;
  private sent = false;
  private done = false;

  constructor(
    private readonly line: HttpLine,
    private readonly id: number,
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
    this.giveUp(
      new GatewayError('upstream_timeout', { what: this.what(), ms }),
      'timed out, the gateway no longer waits',
    );
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
    this.status = status;
    this.statusText = statusText ?? '';
    const type = headers['content-type'];
    this.contentType = (typeof type === 'string' ? type : '').toLowerCase();
    if (status < 200 || status > 299) {
      this.mode = 'refused';
      this.retryAfter = headers['retry-after'];
    } else if (this.contentType.startsWith('application/json')) this.mode = 'json';
    else if (this.contentType.startsWith('text/event-stream')) this.openStream();
    else this.mode = 'refused';
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.done) return;
    this.bytes += chunk.length;
    if (this.bytes > this.line.maxResultBytes) {
      this.settle(null, failure(`Result is larger than ${String(this.line.maxResultBytes)} bytes`));
      controller.abort(new Error('too large'));
    } else if (this.mode === 'stream') this.feed(controller, chunk);
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
    if (this.mode === 'stream' && this.lastEventId !== null) this.streamEnded();
    else this.settle(null, this.broken(error));
  }

  private broken(error: Error): Error {
    if (error instanceof GatewayError) return error;
    const reason = describe(error);
    if (!this.sent) return new GatewayError('upstream_unreachable', { reason }, { cause: error });
    const text = `Connection to the upstream broke (${reason}), the outcome is unknown`;
    return isFramingFault(error) ? failure(text, error) : brokeOff(text, error);
  }

  private openStream(): void {
    this.mode = 'stream';
    this.decoder = new TextDecoder('utf-8', { fatal: true });
    this.parser = createParser({
      onEvent: (event) => {
        // A modern stream that breaks has lost its request: nothing is resumed.
        if (event.id !== undefined && this.line.era === 'legacy') this.lastEventId = event.id;
        if (event.data !== '' && !this.done) this.event(event.data);
      },
      onRetry: (ms) => {
        this.retryMs = Math.min(ms, 60_000);
      },
    });
  }

  private feed(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    try {
      this.parser?.feed((this.decoder as TextDecoder).decode(chunk, { stream: true }));
    } catch (e) {
      this.settle(null, failure('Upstream sent text that is no UTF-8', e));
    }
    if (this.done) controller.abort(new Error('answered'));
  }

  private event(data: string): void {
    const message = this.parsed(data);
    if (message === null) return;
    if (message.kind !== 'response') this.said(message);
    else if (message.id === String(this.id)) this.answer(message);
    else this.line.dropped('response_id');
  }

  private said(message: Message): void {
    if (message.kind === 'request' && this.line.era === 'modern') {
      this.line.dropped('modern_request');
      return;
    }
    this.messages ??= new LegMessages(this.id, this.request, this.line, this.clock);
    this.messages.take(message);
  }

  /** An upstream that breaks JSON within its stream has broken the stream. */
  private parsed(text: string): Message | null {
    try {
      return parseUpstreamMessage(text);
    } catch (e) {
      this.settle(null, failure('Upstream sent a message that is no JSON-RPC', e));
      return null;
    }
  }

  private finishJson(): void {
    const text = this.text();
    if (text === null) {
      this.settle(null, failure('Upstream sent text that is no UTF-8'));
      return;
    }
    const message = this.parsed(text);
    if (message === null) return;
    if (message.kind === 'response' && message.id === String(this.id)) this.answer(message);
    else this.settle(null, failure('Upstream answered another request than this one'));
  }

  private answer(message: Message): void {
    const error = message.top.raw('error');
    if (error === undefined) this.settle(message.top.raw('result') as string, null);
    else this.settle(null, new UpstreamRpcError(error, errorCode(error), this.line.era));
  }

  private finishRefused(): void {
    const { status } = this;
    const text = this.text() ?? '';
    if (this.line.hasSession && sessionLost(status, text)) {
      this.settle(null, new SessionLostError());
      return;
    }
    const error = this.rpcErrorIn(text);
    if (error !== null) this.settle(null, error);
    else if (status > 299 || status < 200)
      this.settle(null, refusedByStatus(status, this.statusText, this.retryAfter));
    else
      this.settle(
        null,
        failure(
          `Upstream answered ${String(status)} with ${this.contentType || 'no content type'}`,
        ),
      );
  }

  /** A JSON-RPC error sent with an HTTP error status is still the answer, if it names our id. */
  private rpcErrorIn(text: string): UpstreamRpcError | null {
    if (!this.contentType.startsWith('application/json')) return null;
    try {
      const message = parseUpstreamMessage(text);
      const error = message.top.raw('error');
      return message.id === String(this.id) && error !== undefined
        ? new UpstreamRpcError(error, errorCode(error), this.line.era, this.status)
        : null;
    } catch {
      return null;
    }
  }

  private text(): string | null {
    const body = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    return isUtf8(body) ? body.toString('utf8') : null;
  }

  private streamEnded(): void {
    if (this.lastEventId === null || this.resumes >= MAX_RESUMES) {
      this.settle(
        null,
        brokeOff('Upstream ended its stream before the answer, the outcome is unknown'),
      );
      return;
    }
    this.resumes++;
    setTimeout(() => {
      if (!this.done) this.line.dispatch(this, null, this.lastEventId);
    }, this.retryMs);
  }

  private giveUp(error: Error, reason: string): void {
    if (this.done) return;
    // `initialize` must not be cancelled (25 Cancellation §Cancellation Flow).
    if (this.sent && this.request.method !== 'initialize') this.line.cancel(this.id, reason);
    this.settle(null, error);
    this.controller?.abort(new Error(reason));
  }

  private settle(result: string | null, error: Error | null): void {
    if (this.done) return;
    this.done = true;
    this.clock.stop();
    this.messages?.end();
    this.request.observer?.end();
    this.chunks = [];
    if (error === null) this.resolve(result as string);
    else this.reject(error);
  }

  private what(): string {
    return this.request.method === 'tools/call' ? 'Tool call' : this.request.method;
  }
}

function failure(reason: string, cause?: unknown): GatewayError {
  return answeredBadly(reason, { cause });
}

/** 404, 410, or 400 that speaks of the session: the request was refused before it ran (PROTOCOL.md §3.3). */
function sessionLost(status: number, body: string): boolean {
  if (status === 404 || status === 410) return true;
  return status === 400 && /session|initiali[sz]/i.test(body.slice(0, 4096));
}

function errorCode(error: string): number {
  const value: unknown = JSON.parse(error);
  const code = (value as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 0;
}

/** What went wrong with a connection, in words fit for the caller. */
export function describe(error: Error & { code?: string; errors?: unknown[] }): string {
  const inner = error.errors?.[0];
  const e = inner instanceof Error ? (inner as Error & { code?: string }) : error;
  switch (e.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'name not found';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'connection closed';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connect timed out';
    default:
      return e.code ?? 'connection failed';
  }
}
