import { networkInterfaces } from 'node:os';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { Config } from '../../config/config.js';
import { GatewayError } from '../../kernel/errors.js';
import { classify, parseAddress } from './address-class.js';
import type { AddressClass } from './address-class.js';

/** Ports of services that answer to anything that looks like their protocol. */
const DENIED_PORTS = new Set([
  22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 993, 995, 1433, 1521, 2049, 2375,
  2376, 2379, 2380, 3306, 3389, 5432, 5900, 5984, 6379, 9042, 9200, 9300, 10250, 10255, 11211,
  27017, 27018,
]);

/**
 * Decides which addresses the gateway may call (SECURITY.md §1.4, S26). Asked when a URL is saved
 * and again for every connection: a stored URL is not trusted.
 */
@Injectable()
export class EgressPolicy {
  private readonly listed: ReturnType<typeof parseRange>[];
  private readonly host: string;
  private ownPort: number;

  constructor(private readonly config: Config) {
    this.listed = config.ssrfAllowedNetworks.map(parseRange);
    this.host = config.host;
    this.ownPort = config.port;
  }

  /** Told by `main` once the real port is known (PORT=0). */
  listensOn(port: number): void {
    this.ownPort = port;
  }

  /**
   * @param address what a name resolved to, or a socket is connected to
   * @param port 0 = not known
   * @throws GatewayError `egress_blocked`
   */
  check(address: string, port = 0): void {
    const parsed = parseAddress(address);
    if (!parsed) throw blocked(address);
    const kind = classify(parsed);
    if (kind === 'never' || this.isOwn(parsed.toString(), kind, port)) throw blocked(address);
    if (!this.config.ssrfProtectionEnabled || this.allowsClass(kind)) return;
    if (!this.listed.some((range) => range(parsed))) throw blocked(address);
  }

  /**
   * What can be said of a URL before its name is resolved: scheme, user info, port, literals.
   * @throws GatewayError `egress_blocked`
   */
  checkUrl(url: URL): void {
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    if (!isHttp || url.username !== '' || url.password !== '') throw blocked(url.host);
    this.checkTarget(url.hostname, portOf(url));
  }

  /** The same for the host and port that a connection is about to be made to. */
  checkTarget(hostname: string, port: number): void {
    if (this.config.ssrfProtectionEnabled && DENIED_PORTS.has(port)) {
      throw blocked(`${hostname}:${String(port)}`);
    }
    const name = hostname.toLowerCase().replace(/\.+$/, '');
    if (name === 'localhost' || name.endsWith('.localhost')) this.check('127.0.0.1', port);
    else if (parseAddress(name)) this.check(name, port);
  }

  /** Whether the address is on this machine or in a private network. */
  isLocal(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && classify(parsed) !== 'public';
  }

  private allowsClass(kind: AddressClass): boolean {
    if (kind === 'loopback') return this.config.ssrfAllowLocalhost;
    if (kind === 'private') return this.config.ssrfAllowPrivateNetworks;
    return kind === 'public';
  }

  /** The gateway must not call itself: a loop, and a way around the rules for callers. */
  private isOwn(address: string, kind: AddressClass, port: number): boolean {
    if (port === 0 || port !== this.ownPort) return false;
    const isWildcard = this.host === '0.0.0.0' || this.host === '::';
    if (kind === 'loopback') return isWildcard || this.host === 'localhost' || this.isHost(address);
    return isWildcard ? ownAddresses().has(address) : this.isHost(address);
  }

  private isHost(address: string): boolean {
    return parseAddress(this.host)?.toString() === address;
  }
}

function parseRange(text: string): (address: ipaddr.IPv4 | ipaddr.IPv6) => boolean {
  const bits = ipaddr.IPv4.isValidFourPartDecimal(text) ? 32 : 128;
  const [base, length] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/${String(bits)}`);
  return (address) => address.kind() === base.kind() && address.match(base, length);
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => parseAddress(address)?.toString() ?? address));
}

function blocked(address: string): GatewayError {
  return new GatewayError('egress_blocked', { address });
}
