import type { NextFunction, Request, Response } from 'express';
import { canonicalUrl } from '../../kernel/canonical-url.js';

/** Rewrites `request.url` before routing; `originalUrl` keeps what was asked. */
export function rewritePath(
  rootPath: string,
): (request: Request, response: Response, next: NextFunction) => void {
  return (request, _response, next) => {
    request.url = canonicalUrl(request.url, rootPath);
    next();
  };
}
