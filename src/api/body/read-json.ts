import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors.js';
import { scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import { MAX_JSON_DEPTH } from '../../kernel/jsonrpc.js';
import { isJsonMediaType } from '../../kernel/media-type.js';

/** What was read of each request: interceptors look at a body before its handler does. */
const read = new WeakMap<IncomingMessage, Promise<unknown>>();

/**
 * Reads and parses the JSON body of a request (API.md §1.2), once.
 * @returns `undefined` when there is no body
 * @throws GatewayError `unsupported_media_type`, `payload_too_large`, `parse_error`, `invalid_request`
 */
export function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  let body = read.get(request);
  if (body === undefined) read.set(request, (body = readOnce(request, maxBytes)));
  return body;
}

async function readOnce(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (!isJson(request)) throw new GatewayError('unsupported_media_type');
  const bytes = await readBytes(request, maxBytes);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  return headers['content-length'] !== undefined && headers['content-length'] !== '0';
}

/** Two `Content-Type` headers are none: node keeps the first, a proxy before us may have kept the other. */
function isJson({ headers, rawHeaders }: IncomingMessage): boolean {
  const count = rawHeaders.filter((h, i) => i % 2 === 0 && h.toLowerCase() === 'content-type');
  const encoding = headers['content-encoding'] ?? 'identity';
  return count.length === 1 && encoding === 'identity' && isJsonMediaType(headers['content-type']);
}

/** @throws GatewayError `payload_too_large` */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): GatewayError => new GatewayError('payload_too_large', { limit: maxBytes });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop by an error would destroy the socket before the answer is out.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}

function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    scanJson(text, { maxDepth: MAX_JSON_DEPTH });
  } catch (cause) {
    if (cause instanceof JsonScanError && cause.fault === 'duplicate')
      throw new GatewayError('invalid_request', { reason: 'the same key twice in one object' });
    throw new GatewayError('parse_error', {}, { cause });
  }
  return JSON.parse(text);
}
