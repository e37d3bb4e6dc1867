import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A compiled list of CIDR ranges and single addresses. */
export interface Networks {
  contains(ip: string): boolean;
}

/**
 * Compiles CIDR ranges; a bare address means itself alone.
 * @returns `undefined` when one of them is neither
 */
export function compileNetworks(ranges: readonly string[]): Networks | undefined {
  const compiled: Range[] = [];
  for (const text of ranges) {
    const range = parseRange(text.trim());
    if (range === undefined) return undefined;
    compiled.push(range);
  }
  return { contains: (ip) => contains(compiled, ip) };
}

function parseRange(text: string): Range | undefined {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    return undefined;
  }
}

function contains(ranges: readonly Range[], ip: string): boolean {
  if (!ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return ranges.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits));
}

/** IPv4 as it is when it comes mapped into IPv6 (`::ffff:127.0.0.1`), and without a zone (`%eth0`). */
export function normalAddress(ip: string): string {
  if (!ip.includes(':')) return ip;
  const zone = ip.indexOf('%');
  const plain = zone === -1 ? ip : ip.slice(0, zone);
  if (!plain.toLowerCase().startsWith('::ffff:') || !ipaddr.isValid(plain)) return plain;
  return ipaddr.process(plain).toString();
}

/**
 * What a limit counts by for a client address: IPv6 by its /64, because one host owns all of it
 * (SECURITY.md S23).
 */
export function limitAddress(ip: string): string {
  if (!ip.includes(':') || !ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  const [a, b, c, d] = (address as ipaddr.IPv6).parts;
  return `${[a, b, c, d].map((part) => (part ?? 0).toString(16)).join(':')}::/64`;
}
