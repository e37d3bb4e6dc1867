/** What the headers of every dynamic answer depend on (API.md §1.10). */
export interface ResponseHeaderOptions {
  /** `DENY` or `SAMEORIGIN`. */
  readonly xFrameOptions: string;
  /** Seconds of `Strict-Transport-Security`; `null` = not sent (plain HTTP, or switched off). */
  readonly hstsMaxAgeSeconds: number | null;
}

/**
 * The content security policy of everything we serve (SECURITY.md S56), by directive.
 * `frame-ancestors` follows `X-Frame-Options`.
 */
export function contentSecurityPolicy(
  xFrameOptions: string,
): Readonly<Record<string, readonly string[]>> {
  return {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'media-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
    'frame-ancestors': [xFrameOptions.toUpperCase() === 'SAMEORIGIN' ? "'self'" : "'none'"],
  };
}

/**
 * The security headers of both planes (API.md §1.10, SECURITY.md S58), lower-case names. The control
 * plane sends them with helmet and a spec holds both equal; the data plane writes this list.
 */
export function responseHeaders(
  options: ResponseHeaderOptions,
): readonly (readonly [name: string, value: string])[] {
  const csp = Object.entries(contentSecurityPolicy(options.xFrameOptions));
  const headers: [string, string][] = [
    ['content-security-policy', csp.map(([name, of]) => [name, ...of].join(' ')).join(';')],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
    ['x-content-type-options', 'nosniff'],
    ['x-download-options', 'noopen'],
    ['x-frame-options', options.xFrameOptions.toUpperCase()],
    ['x-xss-protection', '0'],
    ['cache-control', 'no-store'],
  ];
  if (options.hstsMaxAgeSeconds !== null)
    headers.push([
      'strict-transport-security',
      `max-age=${String(options.hstsMaxAgeSeconds)}; includeSubDomains`,
    ]);
  return headers;
}

const EXPOSED = [
  'ETag',
  'Link',
  'Location',
  'Mcp-Session-Id',
  'Retry-After',
  'WWW-Authenticate',
  'X-Correlation-ID',
  'X-Ignored-Fields',
  'X-Next-Cursor',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-ID',
].join(', ');

/** Headers that let a page of this origin read the answer. Only for origins already allowed, never `*`. */
export function corsHeaders(origin: string): readonly (readonly [name: string, value: string])[] {
  return [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', EXPOSED],
  ];
}

/** What a preflight gets besides; request headers are granted as asked, a list would lag behind MCP. */
export function preflightHeaders(
  askedHeaders: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  return [
    ['access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['access-control-allow-headers', askedHeaders ?? 'authorization, content-type'],
    ['access-control-max-age', '600'],
  ];
}
