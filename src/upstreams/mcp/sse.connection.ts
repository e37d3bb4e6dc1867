import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { Config } from '../../config/config.js';
import { type Lease, SafeClient } from '../../platform/http/safe-client.js';
import { Log } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import { LiveCredential } from '../oauth/live-credential.js';
import { loggedIn, openedLoggedIn, statusOf } from '../oauth/logged-in.js';
import {
  type ConnectionKind,
  type Greeting,
  type OpenOptions,
  SessionLostError,
  type UpstreamConnection,
} from './connection.js';
import { dropLog } from './drop-log.js';
import { greet } from './greet.js';
import { HttpAddress } from './http-line.js';
import { PipeLegs } from './pipe-legs.js';
import { SsePosts } from './sse-posts.js';
import { SseStream } from './sse-stream.js';

/** Each stream holds a socket for good, so that streams have a pool apart from that of the calls. */
const MAX_STREAMS = 4096;
/** Some servers hold the POST of a call until it is done: answers and cancellations go past them. */
const MAX_ASIDES = 1024;

/** The transport of 2024-11-05: an event stream down, POSTs to the endpoint that it names up. */
@Injectable()
export class SseConnections implements ConnectionKind {
  readonly transport = 'SSE';

  constructor(
    private readonly client: SafeClient,
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly log: Log,
  ) {}

  /** A stream that is refused for its credential is opened again with a renewed one. */
  open(options: OpenOptions): Promise<UpstreamConnection> {
    return openedLoggedIn(options.credential, () => this.opened(options));
  }

  private async opened(options: OpenOptions): Promise<UpstreamConnection> {
    const { gateway, credential } = options;
    const address = new HttpAddress(gateway.url ?? '', credential);
    const connectTimeoutMs = gateway.connectTimeoutMs ?? this.config.upstreamConnectTimeoutMs;
    const lease = (connections: number): Lease =>
      this.client.lease(address.origin, { connections, connectTimeoutMs });
    const connection = new SseConnection(options, {
      streams: lease(MAX_STREAMS),
      posts: lease(gateway.maxConcurrency || this.config.maxInFlightCalls),
      asides: lease(MAX_ASIDES),
      maxEventChars: this.config.maxToolResultSizeBytes,
      stallMs: gateway.timeoutMs ?? this.config.toolTimeoutMs,
      dropped: dropLog(gateway, this.log, this.meters),
    });
    await connection.initialize(address);
    return connection;
  }
}

interface Parts {
  readonly streams: Lease;
  readonly posts: Lease;
  readonly asides: Lease;
  readonly maxEventChars: number;
  /** Longest time that it may take nothing of what waits for it. */
  readonly stallMs: number;
  dropped(reason: string): void;
}

class SseConnection implements UpstreamConnection {
  private readonly legs: PipeLegs;
  private stream: SseStream | null = null;
  private posts: SsePosts | null = null;
  private asides: SsePosts | null = null;
  private hello: Greeting | null = null;
  private gone = false;

  constructor(
    private readonly options: OpenOptions,
    private readonly parts: Parts,
  ) {
    this.legs = new PipeLegs(options, {
      send: (text, begin) => this.send(this.posts, text, begin),
      sendAside: (text) => this.send(this.asides, text, () => true),
      dropped: (reason) => {
        parts.dropped(reason);
      },
      hold: (isHeld) => {
        this.stream?.hold(isHeld);
      },
      stallMs: parts.stallMs,
      stuck: (reason) => {
        this.lost(reason);
      },
    });
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

  /** @throws GatewayError; the stream is closed then */
  async initialize(address: HttpAddress): Promise<void> {
    const { initTimeoutMs } = this.options;
    const startedAt = performance.now();
    try {
      const endpoint = await this.opened(address, initTimeoutMs);
      this.posts = new SsePosts(this.parts.posts.pool, endpoint);
      this.asides = new SsePosts(this.parts.asides.pool, endpoint);
      const leftMs = Math.max(1, initTimeoutMs - (performance.now() - startedAt));
      this.hello = await greet(this.legs, this.options, leftMs);
    } catch (e) {
      await this.close();
      if (!(e instanceof SessionLostError)) throw e;
      const reason = 'Upstream does not know the session it has just opened';
      throw new GatewayError('upstream_error', { reason }, { cause: e });
    }
  }

  request(request: UpstreamRequest): Promise<string> {
    const { credential } = this.options;
    return credential instanceof LiveCredential
      ? this.loggedIn(credential, request)
      : this.legs.request(request);
  }

  /** POSTs carry what the credential is by then; a stream that takes only the one it was opened with is lost. */
  private loggedIn(credential: LiveCredential, request: UpstreamRequest): Promise<string> {
    let tries = 0;
    return loggedIn(credential, request.abort, () =>
      this.legs.request(request).catch((e: unknown) => {
        if (++tries > 1 && e instanceof GatewayError && statusOf(e) === 401)
          throw new SessionLostError();
        throw e;
      }),
    );
  }

  notify(method: string, params: string): Promise<void> {
    return this.legs.notify(method, params);
  }

  listen(): void {
    // Whatever it says comes on the one stream anyway.
  }

  close(): Promise<void> {
    this.end('the gateway closed the connection');
    return Promise.resolve();
  }

  /** Opens the stream and waits for its first event, which says where to send. */
  private opened(address: HttpAddress, timeoutMs: number): Promise<HttpAddress> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new GatewayError('upstream_timeout', { what: 'Opening the event stream', ms: timeoutMs }),
        );
      }, timeoutMs);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        act();
      };
      this.stream = new SseStream(this.parts.streams.pool, address, {
        maxEventChars: this.parts.maxEventChars,
        onEvent: (type, data) => {
          if (type === 'message') this.legs.receive(data);
          else if (type === 'endpoint')
            settle(() => {
              this.endpoint(address, data, resolve, reject);
            });
        },
        onTooLong: () => {
          this.legs.tooLong(this.parts.maxEventChars);
        },
        onEnd: (error, reason) => {
          settle(() => {
            reject(error);
          });
          this.lost(reason);
        },
      });
    });
  }

  /** Only the first counts: one that came later could lead the session elsewhere. */
  private endpoint(
    address: HttpAddress,
    data: string,
    resolve: (endpoint: HttpAddress) => void,
    reject: (error: Error) => void,
  ): void {
    const url = URL.canParse(data, address.origin.href) ? new URL(data, address.origin.href) : null;
    if (url?.origin === address.origin.origin)
      resolve(new HttpAddress(url.href, this.options.credential));
    else
      reject(
        new GatewayError('upstream_error', {
          reason: 'Upstream named an endpoint that is not at its own origin',
        }),
      );
  }

  private async send(posts: SsePosts | null, text: string, begin: () => boolean): Promise<void> {
    if (posts === null) throw new Error('not open yet');
    try {
      await posts.send(text, begin);
    } catch (e) {
      // A stream of a session that is gone will bring nothing more.
      if (e instanceof SessionLostError)
        setImmediate(() => {
          this.lost('the upstream has forgotten the session');
        });
      throw e;
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
    this.legs.close(reason);
    this.stream?.close();
    this.posts?.close();
    this.asides?.close();
    this.parts.streams.end();
    this.parts.posts.end();
    this.parts.asides.end();
  }
}
