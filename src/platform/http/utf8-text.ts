import { isAscii, isUtf8 } from 'node:buffer';

/**
 * The text of a body; ASCII, as nearly all JSON is, is copied instead of decoded.
 * @returns `null` when the bytes are no UTF-8
 */
export function utf8Text(body: Buffer): string | null {
  if (isAscii(body)) return body.toString('latin1');
  return isUtf8(body) ? body.toString('utf8') : null;
}
