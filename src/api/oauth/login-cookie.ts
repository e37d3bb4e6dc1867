import type { Request } from 'express';

/** Browsers take the prefixed name over https only, and from nobody but this very host (RFC 6265bis §4.1.3). */
const nameOf = (isSecure: boolean): string =>
  isSecure ? '__Host-mcpgateway-login' : 'mcpgateway-login';

/** Lax: the authorization server sends the browser back from another site. */
export function loginCookie(secret: string, isSecure: boolean, maxAgeSeconds: number): string {
  const secure = isSecure ? '; Secure' : '';
  return `${nameOf(isSecure)}=${secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${String(maxAgeSeconds)}${secure}`;
}

/** The secret that the browser brings back. */
export function loginSecret(
  request: Pick<Request, 'headers'>,
  isSecure: boolean,
): string | undefined {
  const wanted = `${nameOf(isSecure)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(wanted))?.slice(wanted.length);
}
