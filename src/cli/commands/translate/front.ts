import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo, Socket } from 'node:net';
import type { Config } from '../../../config/config.js';
import { GatewayError } from '../../../kernel/errors.js';
import { responseOn, withoutUpgrade } from '../../../transport/upgrades.js';
import { isWebSocketUpgrade } from '../../../transport/ws/ws.endpoint.js';
import { type Apps, NoRoomError, SessionGoneError } from './apps.js';
import { isPreflight, Preflights } from './preflights.js';

const MAX_HEAD_BYTES = 16_384;

export interface FrontOptions {
  /** Where the pair of HTTP+SSE is served, besides its usual paths. */
  readonly paths: { readonly sse: string; readonly message: string };
  /** What clients must send as `Authorization: Bearer`; null = nothing. */
  readonly bearer: string | null;
  readonly config: Config;
}

/** The server of `mcpgateway translate`: lets through what is exposed, to the upstream it is meant for. */
export class Front {
  private readonly server: Server;
  private readonly served: ReadonlyMap<string, string>;
  private readonly expected: Buffer | null;
  private readonly preflights: Preflights;

  constructor(
    private readonly apps: Apps,
    { paths, bearer, config }: FrontOptions,
  ) {
    this.served = new Map([
      ...['/mcp', '/sse', '/message', '/messages', '/ws'].map((path) => [path, path] as const),
      [paths.sse, '/sse'],
      [paths.message, '/message'],
    ]);
    this.expected = bearer === null ? null : Buffer.from(`Bearer ${bearer}`);
    this.preflights = new Preflights(config);
    this.server = createServer(
      {
        maxHeaderSize: MAX_HEAD_BYTES,
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        connectionsCheckingInterval: 2000,
      },
      (req, res) => void this.take(req, res),
    );
    this.server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      this.upgrade(req, socket, head).catch(() => socket.destroy());
    });
  }

  /** @returns the port. @throws when it is taken */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** No new connections; those that are open end with the upstreams. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    await this.apps.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [path = ''] = (req.url ?? '').split('?');
    // Whatever host it is asked under: it tells no more than a connection to the port does.
    if (path === '/healthz') answer(res, 200, 'ok');
    else if (!this.served.has(plain(path))) answer(res, 404, 'Not found');
    else if (isPreflight(req)) this.preflights.answer(req, res);
    else if (!this.isAllowed(req)) unauthorized(res);
    else {
      const app = await this.apps.of(req, res).catch((e: unknown) => {
        refuse(res, e);
      });
      if (app === undefined || res.destroyed) return;
      this.rewrite(req, path);
      app.handle(req, res);
    }
  }

  private async upgrade(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const [path = ''] = (req.url ?? '').split('?');
    if (plain(path) !== '/ws' || !isWebSocketUpgrade(req)) {
      withoutUpgrade(this.server, req, socket, head);
      return;
    }
    socket.on('error', () => socket.destroy());
    if (!this.isAllowed(req)) {
      unauthorized(responseOn(req));
      return;
    }
    const app = await this.apps.of(req, socket as Duplex).catch((e: unknown) => {
      refuse(responseOn(req), e);
    });
    if (app === undefined || socket.destroyed) return;
    this.rewrite(req, path);
    app.upgrade(req, socket, head);
  }

  private isAllowed({ headers }: IncomingMessage): boolean {
    if (this.expected === null) return true;
    const given = Buffer.from(headers.authorization ?? '');
    return given.length === this.expected.length && timingSafeEqual(given, this.expected);
  }

  /** What is asked for here is no credential of the upstream's clients there. */
  private rewrite(req: IncomingMessage, path: string): void {
    const url = req.url ?? '';
    req.url = `${this.served.get(plain(path)) ?? path}${url.slice(path.length)}`;
    if (this.expected !== null) withoutAuthorization(req);
  }
}

function withoutAuthorization(req: IncomingMessage): void {
  delete req.headers.authorization;
  const { rawHeaders } = req;
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2)
    if (rawHeaders[i]?.toLowerCase() === 'authorization') rawHeaders.splice(i, 2);
}

function plain(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function unauthorized(res: ServerResponse): void {
  res.setHeader('www-authenticate', 'Bearer');
  answer(res, 401, 'Send the token of --oauth2Bearer');
}

/** The upstream cannot be had: in words, as far as they are meant for clients. */
function refuse(res: ServerResponse, error: unknown): void {
  if (error instanceof NoRoomError) answer(res, 503, error.message);
  else if (error instanceof SessionGoneError) answer(res, 404, error.message);
  else if (error instanceof GatewayError) answer(res, 502, error.message);
  else answer(res, 500, 'Internal error');
}

function answer(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  res.end(text);
}
