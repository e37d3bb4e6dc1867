import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../../config/config.js';
import { corsHeaders, preflightHeaders } from '../../kernel/response-headers.js';

/**
 * Lets pages of allowed origins read answers. Foreign origins have been refused before, at the edge of
 * the server; here they just get no header.
 */
export function cors(
  config: Pick<Config, 'allowedOrigins'>,
): (request: Request, response: Response, next: NextFunction) => void {
  const allowed = new Set(config.allowedOrigins);
  return (request, response, next) => {
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) {
      next();
      return;
    }
    for (const [name, value] of corsHeaders(origin)) response.setHeader(name, value);
    if (!isPreflight(request)) {
      next();
      return;
    }
    const asked = request.headers['access-control-request-headers'];
    for (const [name, value] of preflightHeaders(asked)) response.setHeader(name, value);
    response.status(204).end();
  };
}

const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
