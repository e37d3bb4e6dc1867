import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors.js';
import { readBytes } from './read-json.js';

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Reads what a form of one of our own pages sends. @throws GatewayError `unsupported_media_type`, `payload_too_large` */
export async function readForm(
  request: IncomingMessage,
  maxBytes: number,
): Promise<URLSearchParams> {
  if (!FORM.test(request.headers['content-type'] ?? ''))
    throw new GatewayError('unsupported_media_type');
  return new URLSearchParams((await readBytes(request, maxBytes)).toString('utf8'));
}
