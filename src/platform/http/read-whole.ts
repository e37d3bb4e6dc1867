import type { Dispatcher, Pool } from 'undici';
import { GatewayError } from '../../kernel/errors.js';

/** A control-plane request: its answer is wanted whole. */
export interface WholeRequest {
  readonly url: URL;
  readonly method: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** From asking for a connection to the last byte. */
  readonly timeoutMs: number;
  /** Largest answer. No compression is asked for or accepted, so this is the decoded size. */
  readonly maxBytes: number;
}

export interface WholeReply {
  readonly status: number;
  /** Names in lower case; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @throws GatewayError `egress_blocked`, `upstream_unreachable`, `upstream_timeout`, `upstream_error` */
export async function readWhole(pool: Pool, request: WholeRequest): Promise<WholeReply> {
  const { url, timeoutMs } = request;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const reply = await pool.request({
      method: request.method,
      path: url.pathname + url.search,
      headers: { ...request.headers, 'accept-encoding': 'identity' },
      body: request.body ?? null,
      signal,
    });
    const headers = joined(reply.headers);
    const body = await readBody(reply, headers, request);
    return { status: reply.statusCode, headers, body };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (signal.aborted) {
      const what = `${request.method} ${url.origin}`;
      throw new GatewayError('upstream_timeout', { what, ms: timeoutMs }, { cause: error });
    }
    const reason = `${url.origin}: ${codeOf(error)}`;
    throw new GatewayError('upstream_unreachable', { reason }, { cause: error });
  }
}

async function readBody(
  reply: Dispatcher.ResponseData,
  headers: Readonly<Record<string, string>>,
  { url, maxBytes }: WholeRequest,
): Promise<Buffer> {
  const refuse = (why: string): never => {
    // undici reports a body that is destroyed unread as an error of the body: nobody waits for it.
    reply.body.on('error', () => undefined).destroy();
    throw new GatewayError('upstream_error', { reason: `Answer of ${url.origin} ${why}` });
  };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return refuse('is compressed although not asked for');
  const tooLarge = `is larger than ${String(maxBytes)} bytes`;
  if (Number(headers['content-length'] ?? 0) > maxBytes) return refuse(tooLarge);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply.body) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) return refuse(tooLarge);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}

function joined(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}

/** What went wrong in a word; the whole error is the cause, for the log. */
function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
}
