import { createHash } from 'node:crypto';
import type { Response } from 'express';
import type { JsonObject } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { noneMatch } from '../if-match.js';

/** A resource as bytes, for `GET /resources/{id}/content`. */
export interface RawContent {
  readonly bytes: Buffer;
  readonly mimeType: string;
}

/** RFC 9110 §8.3.1; an upstream says it, so anything else is not a type but an attempt. */
const MEDIA_TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*$/;

/**
 * @param content one of the `contents` of a read
 * @param registered media type of the catalog, where the read names none
 * @throws GatewayError `upstream_error` where there is neither text nor blob
 */
export function rawContent(content: JsonObject, registered: string | null): RawContent {
  const { text, blob } = content;
  const isText = typeof text === 'string';
  if (!isText && typeof blob !== 'string')
    throw new GatewayError('upstream_error', { reason: 'neither text nor blob in the resource' });
  const said = content['mimeType'] ?? registered;
  const fallback = isText ? 'text/plain' : 'application/octet-stream';
  return {
    bytes: isText ? Buffer.from(text) : Buffer.from(blob as string, 'base64'),
    mimeType: typeof said === 'string' && MEDIA_TYPE.test(said) ? said : fallback,
  };
}

/**
 * Answers with the bytes, or the range of them that was asked for, or 304 (API.md §2.3). Several
 * ranges at once are answered whole, as RFC 9110 §14.2 allows.
 * @throws GatewayError `range_not_satisfiable`
 */
export function sendContent(response: Response, { bytes, mimeType }: RawContent): void {
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  if (!noneMatch(response.req.headers['if-none-match'], etag)) {
    response.status(304).end();
    return;
  }
  response.setHeader('Content-Type', mimeType);
  response.setHeader('Content-Disposition', 'attachment');
  const range = wantedRange(response, etag, bytes.length);
  if (range === undefined) {
    sendBytes(response, bytes);
    return;
  }
  const { start, end } = range;
  response.status(206).setHeader('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
  sendBytes(response, bytes.subarray(start, end + 1));
}

function wantedRange(
  { req }: Response,
  etag: string,
  size: number,
): { start: number; end: number } | undefined {
  const condition = req.headers['if-range'];
  if (typeof condition === 'string' && condition !== etag) return undefined;
  const ranges = req.range(size);
  if (ranges === -1) {
    const headers = { 'Content-Range': `bytes */${size}` };
    throw new GatewayError('range_not_satisfiable', { size: String(size) }, { headers });
  }
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes') return undefined;
  return ranges.length === 1 ? ranges[0] : undefined;
}

/** Not `response.send`, which writes a charset of its own into the type. */
function sendBytes(response: Response, bytes: Buffer): void {
  response.setHeader('Content-Length', bytes.length);
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}
