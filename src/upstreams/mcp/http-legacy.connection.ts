import { setTimeout as pause } from 'node:timers/promises';
import { type Message, resultText } from '../../kernel/jsonrpc.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import { takeOut } from '../../kernel/take-out.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { Lease } from '../../platform/http/safe-client.js';
import { LiveCredential } from '../oauth/live-credential.js';
import { loggedIn } from '../oauth/logged-in.js';
import { announcing } from './announced-session.js';
import type { Greeting, OpenOptions, UpstreamConnection } from './connection.js';
import { initializeParams, readGreeting, refusedGreeting } from './handshake.js';
import { GivenUp } from './given-up.js';
import { HttpAsides } from './http-asides.js';
import { HttpLeg, type HttpLine } from './http-leg.js';
import type { HttpAddress } from './http-line.js';
import { HttpListener } from './http-listener.js';
import { LastingProgress } from './lasting-progress.js';
import { probeRequest } from './probe-request.js';
import { requestBody } from './request-text.js';
import { Unasked, isOfCall } from './unasked.js';

/** See HttpAsides. */
interface Ways {
  readonly calls: Lease;
  readonly asides: Lease;
}

interface Bounds {
  readonly maxResultBytes: number;
  dropped(reason: string): void;
}

/** Longest wait for the answer to our GET. */
const STANDS_MS = 1000;

/** Streamable HTTP towards legacy upstreams: a session, opened by `initialize` (25 Transports). */
export class HttpLegacyConnection implements UpstreamConnection, HttpLine {
  readonly era = 'legacy';
  private lastId = 0;
  /** What waits for an answer. */
  private readonly legs: HttpLeg[] = [];
  private readonly givenUp = new GivenUp();
  private readonly lasting = new LastingProgress();
  private listener: HttpListener | null = null;
  private open = true;
  private hello: Greeting | null = null;
  private readonly aside: Unasked;
  private readonly asides: HttpAsides;

  constructor(
    private readonly ways: Ways,
    private readonly address: HttpAddress,
    private readonly options: OpenOptions,
    private readonly bounds: Bounds,
  ) {
    this.aside = new Unasked(options, this, this.givenUp);
    this.asides = new HttpAsides(ways.asides, address, (reason) => {
      bounds.dropped(reason);
    });
  }

  get greeting(): Greeting {
    return this.hello as Greeting;
  }

  get isOpen(): boolean {
    return this.open;
  }

  get isAsking(): boolean {
    return this.aside.isAsking;
  }

  get hasSession(): boolean {
    return this.address.sessionId !== null;
  }

  get revision(): string | null {
    return this.address.revision;
  }

  get isStateless(): boolean {
    return !this.hasSession;
  }

  get maxResultBytes(): number {
    return this.bounds.maxResultBytes;
  }

  async initialize(): Promise<void> {
    const params = initializeParams(this.options.capabilities, this.options.clientInfo);
    try {
      const request = probeRequest('initialize', params, this.options.initTimeoutMs);
      this.hello = readGreeting(await this.request(request).catch(refusedGreeting));
    } catch (e) {
      await this.endRefused();
      throw e;
    }
    this.address.join(this.announced, this.hello.protocolVersion);
    await this.asides.notify('notifications/initialized', '');
  }

  private announced: string | null = null;

  /** A greeting that is of no use may have made a session above all the same. */
  private async endRefused(): Promise<void> {
    this.open = false;
    if (this.announced !== null) {
      this.address.join(this.announced, LATEST_LEGACY);
      await this.asides.endSession();
    }
    this.endLeases();
  }

  private endLeases(): void {
    this.ways.calls.end();
    this.asides.end();
  }

  request(request: UpstreamRequest): Promise<string> {
    const { credential } = this.options;
    return credential instanceof LiveCredential
      ? loggedIn(credential, request.abort, () => this.send(request))
      : this.send(request);
  }

  private send(request: UpstreamRequest): Promise<string> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const leg = new HttpLeg(this, id, request, resolve, reject);
      this.legs.push(leg);
      leg.start(requestBody(id, request));
    });
  }

  dispatch(leg: HttpLeg, body: string | null, lastEventId: string | null): void {
    const { address } = this;
    const { pool } = this.ways.calls;
    const handler = this.hello === null ? announcing(leg, (id) => (this.announced = id)) : leg;
    try {
      const { path } = address;
      if (body === null)
        pool.dispatch({ path, method: 'GET', headers: address.getHeaders(lastEventId) }, handler);
      else
        pool.dispatch(
          { path, method: 'POST', headers: address.headersOf(leg.request.trace), body },
          handler,
        );
    } catch (e) {
      leg.onResponseError(null as never, e as Error);
    }
  }

  respond(text: string): void {
    void this.asides.post(text);
  }

  respondAtOnce(text: string): void {
    this.asides.respondAtOnce(text);
  }

  onRequest(method: string, params: string): string {
    return this.options.onRequest(method, params);
  }

  onNotification(method: string, params: string): void {
    this.options.onNotification(method, params);
  }

  onAsks(): void {
    this.options.onAsks();
  }

  dropped(reason: string): void {
    this.bounds.dropped(reason);
  }

  cancel(id: number, reason: string): void {
    const leg = this.legs.find((one) => one.id === id);
    if (leg !== undefined) this.givenUp.add(id, leg.request);
    void this.notify(
      'notifications/cancelled',
      `"requestId":${String(id)},"reason":${JSON.stringify(reason)}`,
    );
  }

  notify(method: string, params: string): Promise<void> {
    return this.asides.notify(method, params);
  }

  listen(): Promise<void> {
    if (this.listener !== null || !this.open) return Promise.resolve();
    this.listener = new HttpListener(
      this.asides.pool,
      this.address,
      (message) => {
        this.unasked(message);
      },
      (reason) => {
        this.lost(reason);
      },
    );
    this.listener.open();
    return Promise.race([this.listener.answered, pause(STANDS_MS, undefined, { ref: false })]);
  }

  goesOn(message: Message): boolean {
    return this.lasting.take(message);
  }

  over(leg: HttpLeg): void {
    takeOut(this.legs, leg);
    const afterwards = leg.request.observer?.afterwards;
    if (afterwards) this.lasting.add(leg.id, afterwards);
    this.aside.over(leg);
  }

  /**
   * The stream names no call: what is of one belongs to the only one in flight, unless it may be of a
   * call of another client that was given up (PROTOCOL.md §3.2).
   */
  private unasked(message: Message): void {
    const [only] = this.legs;
    if (this.aside.withdraws(message)) return;
    if (message.method === 'notifications/progress' && this.lasting.take(message)) return;
    if (only !== undefined && this.legs.length === 1 && this.isOf(only, message))
      only.said(message);
    else if (message.kind === 'notification') this.aside.notified(message, this.legs);
    else if (message.kind === 'response') this.bounds.dropped('response_on_get_stream');
    else if (message.method === 'ping') this.respondAtOnce(resultText(message.id as string, '{}'));
    else this.aside.asked(message, this.legs);
  }

  private isOf(only: HttpLeg, message: Message): boolean {
    return isOfCall(message) && !this.givenUp.blurs(only.request);
  }

  private lost(reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.aside.end();
    this.endLeases();
    this.options.onClosed(reason);
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.aside.end();
    this.listener?.close();
    if (this.hasSession) await this.asides.endSession();
    this.endLeases();
  }
}
