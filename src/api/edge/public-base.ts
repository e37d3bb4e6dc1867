import type { Request } from 'express';
import { compileNetworks, normalAddress } from '../../auth/networks.js';
import type { Config } from '../../config/config.js';

type Settings = Pick<Config, 'publicUrl' | 'trustedProxies' | 'appRootPath'>;
type Asked = Pick<Request, 'headers' | 'socket'>;

/**
 * Scheme, host and root path under which clients reach this gateway (API.md §1.1): `PUBLIC_URL`, else
 * what the request says; `X-Forwarded-Proto/Host` count from trusted proxies only.
 * @returns without trailing slash
 */
export function publicBase(request: Asked, settings: Settings): string {
  const { publicUrl } = settings;
  if (publicUrl !== '') return publicUrl.replace(/\/+$/, '');
  const forwarded = isFromTrustedProxy(request, settings);
  const host =
    (forwarded ? firstOf(request, 'x-forwarded-host') : undefined) ?? request.headers.host;
  const root = settings.appRootPath.replace(/\/+$/, '');
  return `${isHttps(request, settings) ? 'https' : 'http'}://${host ?? 'localhost'}${root}`;
}

/** Whether the client came over TLS. */
export function isHttps(request: Asked, settings: Settings): boolean {
  if ('encrypted' in request.socket) return true;
  if (isFromTrustedProxy(request, settings)) {
    const proto = firstOf(request, 'x-forwarded-proto');
    if (proto !== undefined) return proto === 'https';
  }
  return settings.publicUrl.startsWith('https:');
}

function isFromTrustedProxy(request: Asked, { trustedProxies }: Settings): boolean {
  if (trustedProxies.length === 0) return false;
  const peer = normalAddress(request.socket.remoteAddress ?? '');
  return compileNetworks(trustedProxies)?.contains(peer) ?? false;
}

function firstOf(request: Asked, name: string): string | undefined {
  const header = request.headers[name];
  const text = Array.isArray(header) ? header[0] : header;
  const first = text?.split(',')[0]?.trim().toLowerCase();
  return first === '' ? undefined : first;
}
