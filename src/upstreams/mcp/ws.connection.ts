import type { Socket, createConnection } from 'node:net';
import { Injectable } from '@nestjs/common';
import { WebSocket } from 'ws';
import { Config } from '../../config/config.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { openingUrl } from '../../kernel/web-socket-url.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { Log } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import { openedLoggedIn } from '../oauth/logged-in.js';
import type { ConnectionKind, Greeting, OpenOptions, UpstreamConnection } from './connection.js';
import { probeEra, type Verdict } from './discover.js';
import { dropLog } from './drop-log.js';
import { greet } from './greet.js';
import { PipeLegs } from './pipe-legs.js';
import { probeRequest, UNGREETED } from './probe-request.js';
import { wireOf } from './wire.js';
import { handshaken } from './ws-handshake.js';

/** Pings without an answer after which an upstream is gone. */
const MAX_MISSED = 2;
/** An upstream that says nothing for so long does not know the question. */
const SILENCE_MS = 5000;
/** How long an upstream may take to close after us. */
const CLOSE_MS = 2000;

/** MCP servers over WebSocket: one message a text frame, the socket is the session (PROTOCOL.md §10.1). */
@Injectable()
export class WsConnections implements ConnectionKind {
  readonly transport = 'WEBSOCKET';

  constructor(
    private readonly client: SafeClient,
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly log: Log,
  ) {}

  /** The credential is sent with the handshake alone: refused, it is renewed and dialled again. */
  open(options: OpenOptions): Promise<UpstreamConnection> {
    return openedLoggedIn(options.credential, () => this.opened(options));
  }

  private async opened(options: OpenOptions): Promise<WsConnection> {
    const startedAt = performance.now();
    const connection = this.start(options);
    await connection.initialize(startedAt);
    return connection;
  }

  /** On a socket of its own: what its end makes of the question must not meet a call (PROTOCOL.md §7.1). */
  async probe(options: OpenOptions): Promise<Verdict> {
    const asked = { ...options, modern: UNGREETED };
    const connection = await openedLoggedIn(options.credential, () => this.opened(asked));
    try {
      const timeoutMs = Math.min(SILENCE_MS, options.initTimeoutMs);
      const request = probeRequest('server/discover', '', timeoutMs);
      return await probeEra(() => connection.request(request), true);
    } finally {
      void connection.close();
    }
  }

  private start(options: OpenOptions): WsConnection {
    const maxBytes = this.config.maxToolResultSizeBytes;
    const socket = this.dial(options, maxBytes);
    return new WsConnection(socket, options, {
      maxBytes,
      pingIntervalMs: this.config.websocketPingIntervalMs,
      stallMs: options.gateway.timeoutMs ?? this.config.toolTimeoutMs,
      dropped: dropLog(options.gateway, this.log, this.meters),
    });
  }

  /** Begins the handshake over a socket of the one door to the outside; redirects are not followed. */
  private dial({ gateway, credential, initTimeoutMs }: OpenOptions, maxPayload: number): WebSocket {
    const url = openingUrl(new URL(gateway.url ?? ''));
    for (const [key, value] of Object.entries(credential.query)) url.searchParams.set(key, value);
    const timeoutMs = gateway.connectTimeoutMs ?? this.config.upstreamConnectTimeoutMs;
    const connect = (_: unknown, done: (error: Error | null, socket: Socket | null) => void) => {
      this.client.connect(url, timeoutMs, done);
    };
    return new WebSocket(url, ['mcp'], {
      headers: { ...credential.headers },
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: initTimeoutMs,
      maxPayload,
      // Node takes the socket later, too; the declared type only knows the form that returns it.
      createConnection: connect as unknown as typeof createConnection,
    });
  }
}

interface Bounds {
  readonly maxBytes: number;
  readonly pingIntervalMs: number;
  /** Longest time that it may take nothing of what waits for it. */
  readonly stallMs: number;
  dropped(reason: string): void;
}

class WsConnection implements UpstreamConnection {
  private readonly legs: PipeLegs;
  private readonly pings: NodeJS.Timeout;
  private hello: Greeting | null = null;
  private gone = false;
  private missed = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly options: OpenOptions,
    private readonly bounds: Bounds,
  ) {
    const pipe = {
      send: (text: string, begin: () => boolean) => this.send(text, begin),
      dropped: (reason: string) => {
        bounds.dropped(reason);
      },
      hold: (isHeld: boolean) => {
        // Sockets that are not open have nothing to hold.
        if (socket.readyState !== WebSocket.OPEN) return;
        if (isHeld) socket.pause();
        else socket.resume();
      },
      stallMs: bounds.stallMs,
      stuck: (reason: string) => {
        this.lost(reason);
        socket.terminate();
      },
    };
    this.legs = new PipeLegs(options, pipe, wireOf(options));
    this.pings = setInterval(() => {
      this.ping();
    }, bounds.pingIntervalMs);
    this.hear();
  }

  get greeting(): Greeting {
    return this.hello as Greeting;
  }

  get isOpen(): boolean {
    return this.hello !== null && !this.gone;
  }

  get isAsking(): boolean {
    return this.legs.isAsking;
  }

  /** @throws GatewayError; the socket is closed then */
  async initialize(startedAt: number): Promise<void> {
    const { initTimeoutMs } = this.options;
    try {
      await handshaken(this.socket);
      const leftMs = Math.max(1, initTimeoutMs - (performance.now() - startedAt));
      // A modern upstream is known already: it needs no more words.
      this.hello = this.options.modern ?? (await greet(this.legs, this.options, leftMs));
    } catch (e) {
      this.end('the handshake failed');
      this.socket.terminate();
      throw e;
    }
  }

  request(request: UpstreamRequest): Promise<string> {
    return this.legs.request(request);
  }

  notify(method: string, params: string): Promise<void> {
    return this.legs.notify(method, params);
  }

  listen(): void {
    // Whatever it says comes on the one socket anyway.
  }

  close(): Promise<void> {
    this.end('the gateway closed the connection');
    const { socket } = this;
    if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        socket.terminate();
      }, CLOSE_MS);
      socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000);
    });
  }

  private hear(): void {
    const { socket } = this;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.bounds.dropped('binary_frame');
      else this.legs.receive(data.toString('utf8'));
    });
    socket.on('pong', () => {
      this.missed = 0;
    });
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
        this.legs.tooLong(this.bounds.maxBytes);
    });
    socket.on('close', (code) => {
      this.lost(`its socket was closed with code ${String(code)}`);
    });
  }

  private send(text: string, begin: () => boolean): Promise<void> {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) reject(new Error('the socket is not open'));
      else if (begin())
        socket.send(text, (error) => {
          if (error) reject(error);
          else resolve();
        });
      else resolve();
    });
  }

  private ping(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.missed >= MAX_MISSED) {
      this.lost('it answers no pings');
      this.socket.terminate();
    } else {
      this.missed++;
      this.socket.ping();
    }
  }

  private lost(reason: string): void {
    const wasOpen = this.isOpen;
    this.end(reason);
    if (wasOpen) this.options.onClosed(reason);
  }

  private end(reason: string): void {
    if (this.gone) return;
    this.gone = true;
    clearInterval(this.pings);
    this.legs.close(reason);
  }
}
