import { once } from 'node:events';
import type { Client } from '@modelcontextprotocol/client';
import { WebSocket } from 'ws';

type Transport = Parameters<Client['connect']>[0];
type Sent = Parameters<Transport['send']>[0];

/** WebSocket as a transport of the official client, which has none of its own any more. */
export class WsTransport implements Transport {
  onmessage?: NonNullable<Transport['onmessage']>;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private socket!: WebSocket;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  async start(): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    this.socket = new WebSocket(this.url.replace(/^http/, 'ws'), 'mcp', { headers });
    this.socket.on('message', (data: Buffer) => {
      this.onmessage?.(JSON.parse(data.toString('utf8')) as Sent);
    });
    this.socket.on('close', () => this.onclose?.());
    await once(this.socket, 'open');
  }

  send(message: Sent): Promise<void> {
    this.socket.send(JSON.stringify(message));
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close(1000);
    await closed;
  }
}
