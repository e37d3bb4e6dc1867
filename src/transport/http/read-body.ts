import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors.js';
import { utf8Text } from '../../platform/http/utf8-text.js';

/**
 * Reads a whole body as text.
 * @param done called once, with the text or an error (`payload_too_large`, `parse_error`);
 *   never when the client goes away first
 */
export function readBody(
  req: IncomingMessage,
  maxBytes: number,
  done: (text: string | null, error: GatewayError | null, bytes: number) => void,
): void {
  let chunks: Buffer[] | null = [];
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (chunks === null) return;
    if (size <= maxBytes) chunks.push(chunk);
    else {
      chunks = null;
      done(null, new GatewayError('payload_too_large', { limit: maxBytes }), size);
    }
  });
  req.on('end', () => {
    if (chunks === null) return;
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const text = utf8Text(body);
    done(text, text === null ? new GatewayError('parse_error') : null, size);
  });
}
