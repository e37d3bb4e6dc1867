import ipaddr from 'ipaddr.js';
import { ValueFault } from './setting.js';

/** Whether listening on `host` is reachable from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost') return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

/** @throws ValueFault unless `item` is an address or a CIDR range */
export function checkNetwork(item: string): void {
  if (ipaddr.isValidCIDR(item)) return;
  const isDecimal = ipaddr.IPv4.isValidFourPartDecimal(item);
  if (isDecimal || ipaddr.IPv6.isValid(item)) return;
  throw new ValueFault('must list addresses or CIDR ranges such as 10.0.0.0/8');
}

/** @throws ValueFault unless `item` is scheme, host and optional port, and nothing else */
export function checkOrigin(item: string): void {
  if (URL.canParse(item) && new URL(item).origin === item) return;
  throw new ValueFault('must list origins such as https://app.example.com, without path');
}
