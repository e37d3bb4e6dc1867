import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { Bridge } from '../../src/cli/wrapper/bridge.js';
import type { Settings } from '../../src/cli/wrapper/settings.js';
import { WrapperLog } from '../../src/cli/wrapper/wrapper-log.js';
import type { Loose } from './rest.js';

/** One HTTP request as the far end got it. */
export interface Posted {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { id?: unknown; method?: string; params?: Loose };
  /** Resolves when the client closes before it has its answer. */
  readonly hungUp: Promise<void>;
}

type Behaviour = (posted: Posted, res: ServerResponse) => void;

/** The bridge of the wrapper in this process, and a far end over loopback that behaves as told. */
export class BridgeRig {
  readonly seen: Posted[] = [];
  readonly lines: string[] = [];
  behave: Behaviour = (_posted, res) => res.writeHead(500).end();
  private readonly stdin = new PassThrough();
  private readonly heard = new PassThrough();
  private readonly server = createServer((req, res) => {
    this.hear(req, res);
  });
  private ended!: Promise<number>;

  static async start(settings: Partial<Settings> = {}): Promise<BridgeRig> {
    const rig = new BridgeRig();
    await rig.listen(0);
    const url = new URL(`http://127.0.0.1:${String(rig.port)}/mcp`);
    const given: Settings = {
      url,
      given: new URL('/sse', url),
      headers: ['authorization', 'Bearer t'],
      timeoutMs: 5000,
      concurrency: 2,
      era: 'auto',
      logLevel: 'off',
      logFile: null,
      warnings: [],
      ...settings,
    };
    const stdout = new PassThrough();
    stdout.setEncoding('utf8').on('data', (text: string) => {
      rig.lines.push(...text.split('\n').filter((line) => line !== ''));
      rig.heard.emit('line');
    });
    const log = new WrapperLog('off', () => undefined);
    rig.ended = new Bridge(given, { stdin: rig.stdin, stdout }, log).run();
    return rig;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  /** The far end breaks every connection and is gone. */
  async vanish(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  async end(): Promise<number> {
    this.stdin.end();
    const code = await this.ended;
    if (this.server.listening) await this.vanish();
    return code;
  }

  write(text: string): void {
    this.stdin.write(text);
  }

  send(message: object): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /** The first line that matches, from the `from`th on. */
  async line(matching: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((one) => matching.test(one));
      if (found !== undefined) return found;
      await once(this.heard, 'line');
    }
  }

  /** The nth request with this JSON-RPC method. */
  async request(method: string, nth = 1): Promise<Posted> {
    for (;;) {
      const found = this.seen.filter((one) => one.body.method === method)[nth - 1];
      if (found !== undefined) return found;
      await once(this.heard, 'request');
    }
  }

  private hear(req: IncomingMessage, res: ServerResponse): void {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const body = text === '' ? {} : (JSON.parse(text) as Posted['body']);
      const hungUp = new Promise<void>((resolve) => {
        res.once('close', () => {
          if (!res.writableFinished) resolve();
        });
      });
      const path = req.url ?? '';
      const posted = { method: req.method ?? '', path, headers: req.headers, body, hungUp };
      this.seen.push(posted);
      this.behave(posted, res);
      this.heard.emit('request');
    });
  }
}

/** Answers with one JSON message. */
export function json(res: ServerResponse, message: object, status = 200): void {
  res.writeHead(status, { 'content-type': 'application/json', 'mcp-session-id': 's1' });
  res.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
}

/** Opens an event stream and says so much; it stays open. */
export function stream(res: ServerResponse, ...messages: object[]): void {
  if (!res.headersSent) res.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const message of messages)
    res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
}
