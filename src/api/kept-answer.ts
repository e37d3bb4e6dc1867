import type { Response } from 'express';
import { GatewayError, isErrorCode } from '../kernel/errors.js';

/** Headers that belong to an answer, not to the way it took. */
const HEADERS = ['ETag', 'Location', 'X-Ignored-Fields'];

interface KeptSuccess {
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface KeptFailure extends Pick<GatewayError['extras'], 'errors' | 'headers' | 'data'> {
  readonly code: string;
  readonly message: string;
}

type Kept = { readonly ok: KeptSuccess } | { readonly failed: KeptFailure };

/** An answer as text, for those who ask again. The status is that of its route. */
export function keepSuccess(body: unknown, response: Response): string {
  const headers = HEADERS.flatMap((name) => {
    const value = response.getHeader(name);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  const kept: Kept = { ok: { body, headers: Object.fromEntries(headers) } };
  return JSON.stringify(kept);
}

/** A refusal as text; it keeps the id of the request that was refused. */
export function keepFailure({ code, message, extras }: GatewayError, requestId: string): string {
  const { errors, headers, data } = extras;
  const kept: Kept = {
    failed: {
      code,
      message,
      data: { ...data, requestId },
      ...(errors === undefined ? {} : { errors }),
      ...(headers === undefined ? {} : { headers }),
    },
  };
  return JSON.stringify(kept);
}

/** @returns the body of a kept answer, its headers set @throws GatewayError the refusal that was kept */
export function replay(text: string, response: Response): unknown {
  const kept = JSON.parse(text) as Kept;
  response.setHeader('Idempotency-Replayed', 'true');
  if ('failed' in kept) throw refusal(kept.failed);
  for (const [name, value] of Object.entries(kept.ok.headers)) response.setHeader(name, value);
  return kept.ok.body;
}

function refusal({ code, message, ...extras }: KeptFailure): GatewayError {
  // Kept by a newer version that has gone back to this one.
  if (!isErrorCode(code)) throw new Error(`no error ${code} in the table`);
  const error: GatewayError = new GatewayError('internal_error', { requestId: '' });
  return Object.assign(error, { code, message, extras });
}
