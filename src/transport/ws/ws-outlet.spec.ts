import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { WsOutlet } from './ws-outlet.js';

describe('WsOutlet', () => {
  it('ends a client that sends and sends, and takes nothing', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${String(port)}`);
    const [[socket, request]] = (await Promise.all([
      once(server, 'connection'),
      once(client, 'open'),
    ])) as [[WebSocket, { socket: Socket }], unknown];
    const limits = { pingIntervalMs: 50, maxQueueBytes: 1e9, stallMs: 400 };
    const outlet = new WsOutlet(socket, request.socket, limits);
    client.pause();
    for (let i = 0; i < 30; i++) outlet.send('x'.repeat(1_000_000));
    const busy = setInterval(() => {
      client.send('still here');
    }, 20);
    await once(socket, 'close');
    clearInterval(busy);
    expect(request.socket.bytesRead).toBeGreaterThan(100);
    client.terminate();
    server.close();
  });
});
