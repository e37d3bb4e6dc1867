import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A response on a connection that node has let go of, to refuse an upgrade in the words of any other
 * refusal. The connection ends with it.
 */
export function responseOn(req: IncomingMessage): ServerResponse {
  const { socket } = req;
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on('finish', () => {
    res.detachSocket(socket);
    socket.end();
  });
  return res;
}

/**
 * Gives a connection back to the server, as if its request had asked for no upgrade: a server may
 * ignore the wish (RFC 9110 §7.8), and clients that would like HTTP/2 send it with every first request.
 * Node does not ask: once somebody listens for upgrades, it parses no further.
 * @param head what came after the request's head
 */
export function withoutUpgrade(
  server: Server,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${req.method ?? ''} ${req.url ?? ''} HTTP/${req.httpVersion}`];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] as string;
    const value = req.rawHeaders[i + 1] as string;
    if (/^connection$/i.test(name)) lines.push(`${name}: ${withoutToken(value)}`);
    else if (!/^(upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  const text = `${lines.join('\r\n')}\r\n\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), head]));
  server.emit('connection', socket);
}

function withoutToken(connection: string): string {
  const kept = connection
    .split(',')
    .map((token) => token.trim())
    .filter((token) => !/^(upgrade|http2-settings)$/i.test(token));
  return kept.length === 0 ? 'keep-alive' : kept.join(', ');
}
