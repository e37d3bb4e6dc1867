import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { GatewayError } from '../../kernel/errors.js';
import { errorObject, errorText } from '../../kernel/jsonrpc.js';
import { errorHeaders, problemBody, type ProblemPlace } from '../../kernel/problem.js';
import { responseHeaders } from '../../kernel/response-headers.js';
import type { Reply } from '../../protocol/dispatcher.js';
import { ReadyHead } from './ready-head.js';
import { endWhenStalled } from './stalled.js';

export type Headers = Readonly<Record<string, string>>;

/** What does not fit into the buffers on the way waits for its reader. */
const LARGE_BYTES = 65_536;

/** Writes answers of the data plane with the headers that both planes send (API.md §1.10). */
@Injectable()
export class Answers {
  private readonly common: string[] = [];
  private readonly json: string[];
  private readonly ready: ReadyHead;
  private readonly stream: string[];

  private readonly stallMs: number;

  constructor(config: Config) {
    this.stallMs = config.stallTimeoutMs;
    if (config.securityHeadersEnabled) {
      const isHttps = config.publicUrl.startsWith('https:') && config.hstsEnabled;
      for (const [name, value] of responseHeaders({
        xFrameOptions: config.xFrameOptions,
        hstsMaxAgeSeconds: isHttps ? config.hstsMaxAgeSeconds : null,
      }))
        this.common.push(name, value);
    } else this.common.push('cache-control', 'no-store');
    this.json = [...this.common, 'content-type', 'application/json'];
    this.ready = new ReadyHead(this.json);
    this.stream = [...this.common, 'content-type', 'text/event-stream', 'x-accel-buffering', 'no'];
  }

  /** A JSON body; `more` are the headers of this answer alone. */
  sendJson(res: ServerResponse, status: number, text: string, more: readonly string[]): void {
    const length = Buffer.byteLength(text);
    const own = more.concat('content-length', String(length));
    if (status === 200) this.ready.write(res, own);
    else res.writeHead(status, this.json.concat(own));
    // A string goes out in one write together with the head, a Buffer would need two; one that is
    // ASCII, as its length tells, is copied instead of encoded.
    res.end(text, length === text.length ? 'latin1' : 'utf8');
    if (length > LARGE_BYTES) endWhenStalled(res, this.stallMs);
  }

  /** The answer to one request, whole. */
  sendReply(res: ServerResponse, reply: Reply, more: readonly string[]): void {
    this.sendJson(res, reply.status, reply.text, [...more, ...flat(reply.headers)]);
  }

  /** An error as a problem document, as the control plane writes it (API.md §1.4). */
  sendProblem(res: ServerResponse, error: GatewayError, context: ProblemContext): void {
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const text = JSON.stringify(problemBody(error, context));
    const type = ['content-type', 'application/problem+json'];
    this.sendText(res, error.row.status, text, [
      ...context.headers,
      ...flat(errorHeaders(error)),
      ...type,
    ]);
  }

  /** A body whose type stands in `more`. */
  private sendText(
    res: ServerResponse,
    status: number,
    text: string,
    more: readonly string[],
  ): void {
    const body = Buffer.from(text);
    res.writeHead(status, this.common.concat(more, 'content-length', String(body.length)));
    res.end(body);
  }

  /** No body; nothing where the client is gone. */
  sendEmpty(res: ServerResponse, status: number, more: readonly string[]): void {
    if (res.headersSent || res.destroyed) return;
    // 204 has no length (RFC 9110 §8.6).
    const length = status === 204 ? [] : ['content-length', '0'];
    res.writeHead(status, this.common.concat(more, length));
    res.end();
  }

  openStream(res: ServerResponse, more: readonly string[]): void {
    res.writeHead(200, this.stream.concat(more));
    res.flushHeaders();
  }

  /** An error before there is a call: a JSON-RPC body under its own HTTP status. */
  sendError(res: ServerResponse, error: GatewayError, context: ErrorContext): void {
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const more = [...context.headers, ...flat(errorHeaders(error))];
    const object = errorObject(error, context.requestId, context.isRpc);
    const status = error.row.status;
    if (status === 413 || status === 431 || status === 400) more.push('connection', 'close');
    this.sendJson(res, status, errorText(error.extras.rpcId ?? null, object), more);
  }
}

export interface ProblemContext extends ProblemPlace {
  readonly headers: readonly string[];
}

export interface ErrorContext {
  readonly requestId: string;
  readonly isRpc: boolean;
  readonly headers: readonly string[];
}

export function flat(headers: Headers | null | undefined): string[] {
  const list: string[] = [];
  for (const name in headers) list.push(name, headers[name] as string);
  return list;
}
