import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What an address is to the egress rules. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'special' | 'never';

/** Where clouds tell credentials to whoever asks (SECURITY.md S26): no setting opens these. */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '192.0.0.192',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd20:ce::254',
]);
const NEVER_RANGES = new Set(['linkLocal', 'unspecified', 'multicast', 'broadcast']);
const PRIVATE_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);

/** Reads an address literal, with brackets or without; mapped IPv4 comes out as IPv4. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  const isLiteral = ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare);
  return isLiteral ? ipaddr.process(bare) : undefined;
}

export function classify(address: Address): AddressClass {
  const inner = embeddedIPv4(address);
  if (isNever(address) || (inner && isNever(inner))) return 'never';
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (inner) return 'special';
  if (range === 'unicast') return 'public';
  return PRIVATE_RANGES.has(range) ? 'private' : 'special';
}

function isNever(address: Address): boolean {
  const text = address.kind() === 'ipv6' ? withoutZone(address as ipaddr.IPv6) : String(address);
  return METADATA.has(text) || NEVER_RANGES.has(address.range());
}

function withoutZone(address: ipaddr.IPv6): string {
  return new ipaddr.IPv6(address.parts).toString();
}

/**
 * The IPv4 address that a translator would make of an IPv6 one: `::/96` (which ipaddr.js calls
 * unicast), both NAT64 prefixes, 6to4 and Teredo.
 */
function embeddedIPv4(address: Address): ipaddr.IPv4 | undefined {
  if (address.kind() === 'ipv4') return undefined;
  const bytes = address.toByteArray();
  const { parts } = address as ipaddr.IPv6;
  const [first, second] = parts;
  if (isCompatible(bytes)) return new ipaddr.IPv4(bytes.slice(12));
  if (first === 0x64 && second === 0xff9b) return new ipaddr.IPv4(bytes.slice(12));
  if (first === 0x2002) return new ipaddr.IPv4(bytes.slice(2, 6));
  if (first === 0x2001 && second === 0) {
    return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff));
  }
  return undefined;
}

/** `::/96` except `::` and `::1`, which have classes of their own. */
function isCompatible(bytes: readonly number[]): boolean {
  const [last = 0, ...others] = [...bytes.slice(12)].reverse();
  const isZero = bytes.slice(0, 12).every((byte) => byte === 0);
  return isZero && (last > 1 || others.some((byte) => byte !== 0));
}
