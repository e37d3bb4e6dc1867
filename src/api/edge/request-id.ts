import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const ACCEPTED = /^[\x21-\x7e]{1,128}$/;

/** The id of a request: what the client sent, if it is fit for logs, else a new one (API.md §1.10). */
export function requestIdOf(headers: Request['headers']): string {
  for (const name of ['x-request-id', 'x-correlation-id']) {
    const sent = headers[name];
    if (typeof sent === 'string' && ACCEPTED.test(sent)) return sent;
  }
  return randomBytes(12).toString('base64url');
}

/** Puts `request.id` and answers with it. */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const id = requestIdOf(request.headers);
  (request as Request & { id: string }).id = id;
  response.setHeader('X-Request-ID', id);
  response.setHeader('X-Correlation-ID', id);
  next();
}
