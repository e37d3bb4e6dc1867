import { compileNetworks, type Networks, normalAddress } from './networks.js';

interface Request {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

const NONE: Networks = { contains: () => false };
/** Compiled once per list: the configuration hands out the same array for ever. */
const compiled = new WeakMap<readonly string[], Networks>();

/**
 * The address of the client: the socket's, unless that is a trusted proxy. Then the right-most
 * address of `X-Forwarded-For` that no trusted proxy owns; what stands left of it anyone may have
 * written. No other header is believed.
 */
export function clientAddress(request: Request, trustedProxies: readonly string[]): string {
  const peer = normalAddress(request.socket.remoteAddress ?? '');
  if (trustedProxies.length === 0) return peer;
  const trusted = networksOf(trustedProxies);
  if (!trusted.contains(peer)) return peer;
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return peer;
  const hops = (Array.isArray(header) ? header.join(',') : header).split(',');
  let address = peer;
  for (let i = hops.length - 1; i >= 0 && trusted.contains(address); i--) {
    const hop = normalAddress(withoutPort((hops[i] ?? '').trim()));
    if (!isAddress(hop)) return address;
    address = hop;
  }
  return address;
}

function networksOf(list: readonly string[]): Networks {
  let networks = compiled.get(list);
  if (networks === undefined) {
    networks = compileNetworks(list) ?? NONE;
    compiled.set(list, networks);
  }
  return networks;
}

const isAddress = (text: string): boolean =>
  compileNetworks([text]) !== undefined && !text.includes('/');

/** Some proxies write `1.2.3.4:567` or `[::1]:567`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  return /^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
}
