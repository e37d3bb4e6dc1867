import { type Server, createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

const MAX_HEAD_BYTES = 16_384;

/** Express on a server whose limits hold for both planes (SECURITY.md S11, F18). */
export class HouseServer extends ExpressAdapter {
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
    this.httpServer = server;
  }
}
