/**
 * The HTTP form of a WebSocket URL (RFC 6455 §3): `ws` is opened by `http`, `wss` by `https`. Others
 * stay as they are.
 */
export function openingUrl(url: URL): URL {
  const { protocol, href } = url;
  return protocol === 'ws:' || protocol === 'wss:' ? new URL(href.replace(/^ws/, 'http')) : url;
}
