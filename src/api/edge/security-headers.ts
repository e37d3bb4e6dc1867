import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Config } from '../../config/config.js';
import { contentSecurityPolicy } from '../../kernel/response-headers.js';
import { isHttps } from './public-base.js';

type Middleware = (request: Request, response: Response, next: NextFunction) => void;

/** helmet as API.md §1.10 wants it; `responseHeaders` of the kernel says the same for the data plane. */
export function securityHeaders(config: Config): Middleware {
  const plain = configured(config, null);
  const hsts = config.hstsEnabled ? configured(config, config.hstsMaxAgeSeconds) : plain;
  return (request, response, next) => {
    // Set even when SECURITY_HEADERS_ENABLED=false: answers of one Caller must not stay in caches.
    response.setHeader('Cache-Control', 'no-store');
    response.removeHeader('X-Powered-By');
    if (!config.securityHeadersEnabled) {
      next();
      return;
    }
    (isHttps(request, config) ? hsts : plain)(request, response, next);
  };
}

function configured(config: Config, hstsMaxAgeSeconds: number | null): Middleware {
  const { xFrameOptions } = config;
  const directives = Object.fromEntries(
    Object.entries(contentSecurityPolicy(xFrameOptions)).map(([name, of]) => [name, [...of]]),
  );
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
    originAgentCluster: false,
    dnsPrefetchControl: false,
    permittedCrossDomainPolicies: false,
    referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    frameguard: { action: xFrameOptions.toUpperCase() === 'SAMEORIGIN' ? 'sameorigin' : 'deny' },
    hsts: hstsMaxAgeSeconds === null ? false : { maxAge: hstsMaxAgeSeconds },
  });
}
