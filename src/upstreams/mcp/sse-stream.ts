import { TextDecoder } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { GatewayError } from '../../kernel/errors.js';
import { type ReadHold, connectionBeingRead } from '../../platform/http/read-hold.js';
import type { HttpAddress } from './http-line.js';
import { describe, type Head, refusedByHead } from './upstream-fault.js';

export interface SseStreamHooks {
  /** Longest event, in characters. */
  readonly maxEventChars: number;
  onEvent(type: string, data: string): void;
  /** An event was too long; the stream ends. */
  onTooLong(): void;
  /** Told once, unless `close` was called before: the stream could not be opened, or is lost. */
  onEnd(error: Error, reason: string): void;
}

/** The GET stream of the legacy HTTP+SSE transport (MCP 2024-11-05 §Transports). */
export class SseStream {
  private controller: Dispatcher.DispatchController | null = null;
  private connection: ReadHold | null = null;
  private ended = false;

  constructor(
    pool: Dispatcher,
    address: HttpAddress,
    private readonly hooks: SseStreamHooks,
  ) {
    const request = {
      path: address.path,
      method: 'GET' as const,
      headers: address.getHeaders(null),
    };
    pool.dispatch(request, this.handler());
  }

  close(): void {
    this.ended = true;
    // It may be kept alive, for whoever is next.
    this.connection?.release();
    this.controller?.abort(new Error('closed'));
  }

  /** Stops reading, or goes on. */
  hold(isHeld: boolean): void {
    if (this.ended) return;
    if (isHeld) this.connection?.hold();
    else this.connection?.release();
  }

  private handler(): Dispatcher.DispatchHandler {
    const feed = this.reader();
    return {
      onRequestStart: (controller) => {
        this.controller = controller;
        if (this.ended) controller.abort(new Error('closed'));
      },
      onResponseStart: (_controller, status, headers) => {
        this.connection = connectionBeingRead();
        if (status >= 200) this.answered(status, headers);
      },
      onResponseData: (_controller, chunk) => {
        if (!this.ended) feed(chunk);
      },
      onResponseEnd: () => {
        this.lost('stream ended');
      },
      onResponseError: (_controller, error) => {
        if (error instanceof GatewayError) this.end(error, error.message);
        else this.lost(describe(error), error);
      },
    };
  }

  private answered(status: number, headers: Head): void {
    if (status >= 300) {
      const refusal = refusedByHead(status, headers);
      this.end(refusal, refusal.message);
      return;
    }
    const type = String(headers['content-type'] ?? '');
    if (type.toLowerCase().startsWith('text/event-stream')) return;
    const reason = `Upstream answered ${String(status)} with ${type || 'no content type'}`;
    this.end(new GatewayError('upstream_error', { reason }, { data: { status } }), reason);
  }

  private reader(): (chunk: Buffer) => void {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const parser = createParser({
      maxBufferSize: this.hooks.maxEventChars,
      onEvent: (event) => {
        if (!this.ended) this.hooks.onEvent(event.event ?? 'message', event.data);
      },
      onError: (error) => {
        if (error.type !== 'max-buffer-size-exceeded') return;
        this.hooks.onTooLong();
        this.lost('an event is too long');
      },
    });
    return (chunk) => {
      try {
        parser.feed(decoder.decode(chunk, { stream: true }));
      } catch (e) {
        this.lost('text that is no UTF-8', e);
      }
    };
  }

  private lost(reason: string, cause?: unknown): void {
    this.end(new GatewayError('upstream_unreachable', { reason }, { cause }), reason);
  }

  private end(error: Error, reason: string): void {
    if (this.ended) return;
    this.close();
    this.hooks.onEnd(error, reason);
  }
}
