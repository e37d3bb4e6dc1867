const BEARER = /^mcp\.(?:bearer|auth)\.(.+)$/;

/** The subprotocols that a handshake offers (RFC 6455 §4.1), in order. */
function offered(header: string | undefined): string[] {
  return (header ?? '').split(',').map((name) => name.trim());
}

/**
 * The `Authorization` that a WebSocket handshake carries, wherever a client can put it: browsers can
 * set no header, so a subprotocol beside `mcp` may hold the token (PROTOCOL.md §10.1). Never cookies.
 * @param url request target; its query counts only if `takesQuery`
 */
export function handshakeAuthorization(
  authorization: string | undefined,
  protocols: string | undefined,
  url: string,
  takesQuery: boolean,
): string | undefined {
  if (authorization !== undefined) return authorization;
  for (const name of offered(protocols)) {
    const token = BEARER.exec(name)?.[1];
    if (token !== undefined) return `Bearer ${token}`;
  }
  const at = url.indexOf('?');
  if (!takesQuery || at < 0) return undefined;
  const token = new URLSearchParams(url.slice(at + 1)).get('token');
  return token === null ? undefined : `Bearer ${token}`;
}

/** `mcp` where it is offered: a client that offers it must fail otherwise; tokens are never echoed. */
export function chooseProtocol(names: ReadonlySet<string>): 'mcp' | false {
  return names.has('mcp') ? 'mcp' : false;
}
