import { isIP } from 'node:net';
import type { Config } from '../../config/config.js';

const LOOPBACK_NAMES = new Set(['localhost', 'localhost.']);
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

export interface HostPort {
  readonly name: string;
  readonly port: string | undefined;
}

/** Splits `host[:port]`; `undefined` for anything else (SECURITY.md S02). */
export function parseHost(text: string): HostPort | undefined {
  const match = HOST.exec(text);
  if (match === null) return undefined;
  return { name: (match[1] as string).toLowerCase(), port: match[2] };
}

function isLiteral(name: string): boolean {
  return name.startsWith('[') ? isIP(name.slice(1, -1)) === 6 : isIP(name) === 4;
}

export function isLoopbackBind(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Which `Host` and `Origin` a request may carry (SECURITY.md S01); compiled once. */
export class HostRules {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;
  private readonly isEnforced: boolean;
  /** Headers repeat: what was allowed once is remembered, within bounds. */
  private readonly good = new Set<string>();

  constructor(config: Config) {
    const named = config.allowedHosts.map((h) => h.toLowerCase());
    const isLoopback = isLoopbackBind(config.host);
    this.hosts = new Set([...named, ...(isLoopback ? LOOPBACK_NAMES : [])]);
    this.isEnforced = named.length > 0 || isLoopback || !config.authRequired;
    const own = config.publicUrl === '' ? [] : [new URL(config.publicUrl).origin];
    this.origins = new Set([...config.allowedOrigins, ...own].map((o) => o.toLowerCase()));
  }

  /** An address passes: rebinding needs a name. */
  allowsHost(host: string): boolean {
    if (this.good.has(host)) return true;
    const parsed = parseHost(host);
    if (parsed === undefined) return false;
    const allowed =
      !this.isEnforced ||
      isLiteral(parsed.name) ||
      this.hosts.has(parsed.name) ||
      this.hosts.has(host);
    if (allowed && this.good.size < 1000) this.good.add(host);
    return allowed;
  }

  /** Same host, or listed; never `null`. */
  allowsOrigin(origin: string, host: string): boolean {
    const lower = origin.toLowerCase();
    if (this.origins.has(lower)) return true;
    return lower === `http://${host.toLowerCase()}` || lower === `https://${host.toLowerCase()}`;
  }

  /** Listed by the operator: such a page may send what a foreign one may not. */
  listsOrigin(origin: string): boolean {
    return this.origins.has(origin.toLowerCase());
  }
}
