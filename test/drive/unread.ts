import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { RpcMessage } from './http-client.js';
import { PipeClient, type Taken } from './pipe-client.js';

/** The answer to one HTTP request, of which nothing is read until it is told to. */
export class Unread {
  readonly heard: RpcMessage[] = [];
  private readonly response: Promise<IncomingMessage>;
  private readonly sent: ClientRequest;
  private readonly parser = createParser({
    onEvent: ({ data }) => {
      this.onData(data);
    },
  });

  constructor(
    url: string,
    options: { method: string; headers: Record<string, string>; body?: string },
    private readonly onData: (data: string) => void = (data) => {
      if (data !== '') this.heard.push(JSON.parse(data) as RpcMessage);
    },
  ) {
    const { method, headers, body } = options;
    this.sent = request(url, { method, headers, agent: false });
    this.response = new Promise((resolve, reject) => {
      this.sent.on('response', resolve).on('error', reject);
    });
    this.response.catch(() => undefined);
    this.sent.end(body);
  }

  /** Reads from now on. @returns once it is over, whether whole or cut */
  async read(): Promise<'whole' | 'cut'> {
    const response = await this.response;
    response.setEncoding('utf8').on('data', (text: string) => {
      this.parser.feed(text);
    });
    return new Promise((resolve) => {
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve(response.complete ? 'whole' : 'cut');
      });
    });
  }

  /** Reads at this pace for a while; ASCII only. */
  async trickle(bytesPerSecond: number, seconds: number): Promise<void> {
    const response = await this.response;
    for (let i = 0; i < seconds * 20; i++) {
      const part = response.read(bytesPerSecond / 20) as Buffer | null;
      if (part !== null) this.parser.feed(part.toString('latin1'));
      await pause(50);
    }
  }

  async pause(): Promise<void> {
    (await this.response).pause();
  }

  async resume(): Promise<void> {
    (await this.response).resume();
  }

  leave(): void {
    this.sent.destroy();
  }
}

/** A client of HTTP+SSE whose stream can be left unread. */
export class UnreadSseClient extends PipeClient {
  stream!: Unread;
  private endpoint = '';

  constructor(
    readonly url: string,
    private readonly token: string,
  ) {
    super();
  }

  close(): Promise<number> {
    this.stream.leave();
    return Promise.resolve(204);
  }

  protected open(): Promise<void> {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${this.token}` };
    return new Promise((resolve) => {
      this.stream = new Unread(this.url, { method: 'GET', headers }, (data) => {
        if (this.endpoint !== '') {
          this.received(data);
          return;
        }
        this.endpoint = new URL(data, this.url).href;
        resolve();
      });
      void this.stream.read();
    });
  }

  protected async put(body: string): Promise<Taken> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body,
    });
    return { status: response.status, raw: await response.text() };
  }
}
