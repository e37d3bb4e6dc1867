import { type Server, createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import { takeOut } from './kernel/take-out.js';

const MAX_HEAD_BYTES = 16_384;

/** Express on a server whose limits hold for both planes (SECURITY.md S11, F18). */
export class HouseServer extends ExpressAdapter {
  // Made by `initHttpServer`, which runs before the fields of this class are set.
  declare private sockets: Socket[];

  override initHttpServer(): void {
    const listener = this.getInstance<RequestListener>();
    const server: Server = createServer(
      {
        maxHeaderSize: MAX_HEAD_BYTES,
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        connectionsCheckingInterval: 2000,
        // Longer than the 60 s of common balancers, so that they are the ones to hang up.
        keepAliveTimeout: 75_000,
        noDelay: true,
      },
      listener,
    );
    // One more than allowed, so that the edge check sees that there are too many (SECURITY.md F17).
    server.maxHeadersCount = 0;
    const sockets: Socket[] = [];
    server.on('connection', (socket: Socket) => {
      sockets.push(socket);
      socket.once('close', () => takeOut(sockets, socket));
    });
    this.sockets = sockets;
    this.httpServer = server;
  }

  /** Ends connections that carry no request; node leaves out those that never did, and would wait for them. */
  closeIdleConnections(): void {
    (this.httpServer as Server).closeIdleConnections();
    for (const socket of [...this.sockets]) if (socket.bytesRead === 0) socket.destroy();
  }
}
