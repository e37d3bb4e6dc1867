import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { PipeClient, type Taken } from './pipe-client.js';

export interface Handshake {
  readonly protocols?: readonly string[];
  readonly headers?: Record<string, string>;
}

/** A bare client over WebSocket. */
export class WsClient extends PipeClient {
  socket: WebSocket | null = null;
  readonly url: string;

  constructor(
    url: string,
    private readonly token: string | null,
  ) {
    super();
    this.url = url.replace(/^http/, 'ws');
  }

  /** @returns 101, or the status of the refusal */
  async connect({ protocols = ['mcp'], headers = {} }: Handshake = {}): Promise<number> {
    const auth = this.token === null ? {} : { authorization: `Bearer ${this.token}` };
    const socket = new WebSocket(this.url, [...protocols], { headers: { ...auth, ...headers } });
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.received(data.toString('utf8'));
    });
    const opened = once(socket, 'open').then(() => 101);
    const refused = once(socket, 'unexpected-response').then(([request, response]) => {
      (request as { destroy(): void }).destroy();
      return (response as IncomingMessage).statusCode ?? 0;
    });
    const status = await Promise.race([opened, refused]);
    // Ends of sockets are looked at as closes, with their code.
    socket.on('error', () => undefined);
    opened.catch(() => undefined);
    refused.catch(() => undefined);
    return status;
  }

  /** The code with which the gateway closes. */
  async closeCode(): Promise<number> {
    const socket = this.socket;
    if (socket === null) throw new Error('not open');
    const [code] = (await once(socket, 'close')) as [number];
    return code;
  }

  async close(): Promise<number> {
    if (this.socket === null || this.socket.readyState === WebSocket.CLOSED) return 204;
    const closed = once(this.socket, 'close');
    this.socket.close(1000);
    await closed;
    return 204;
  }

  protected async open(): Promise<void> {
    const status = await this.connect();
    if (status !== 101) throw new Error(`the handshake answered ${String(status)}`);
  }

  protected put(text: string): Promise<Taken> {
    return new Promise((resolve, reject) => {
      this.socket?.send(text, (error) => {
        if (error) reject(error);
        else resolve({ status: 202, raw: '' });
      });
    });
  }
}
