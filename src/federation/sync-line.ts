import { RELAYED, findMembers } from '../kernel/json-scan.js';
import { Abort } from '../kernel/abort.js';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import {
  type Greeting,
  SessionLostError,
  type UpstreamConnection,
} from '../upstreams/mcp/connection.js';
import type { Dialled } from '../upstreams/mcp/dialer.js';
import { readDiscovery } from '../upstreams/mcp/discover.js';
import { doubtsEra } from '../upstreams/mcp/modern-refusal.js';
import { probeRequest } from '../upstreams/mcp/probe-request.js';
import type { Upstream } from './discovery.js';
import { loopBy, viaMeta } from './itself.js';
import type { LineParts } from './line-parts.js';
import { UpwardListen, type Watchable } from './upward-listen.js';

/** All that a client can declare: an upstream may hide what it thinks its client cannot use. */
const ALL_CAPABILITIES =
  '{"elicitation":{"form":{},"url":{}},"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":' +
  '["text/html;profile=mcp-app"]}},"roots":{},"sampling":{"context":{},"tools":{}}}';
const LIST_CHANGED = /^notifications\/(tools|resources|prompts)\/list_changed$/;

type Session = Dialled;

/**
 * The sync session of one Gateway as it is configured now: opened on demand, opened again when lost.
 * It serves lists, pings and subscriptions; calls of clients have sessions of their own.
 */
export class SyncLine {
  private session: Session | null = null;
  private opening: Promise<Session> | null = null;
  /** What is subscribed to at a modern upstream. */
  private heard: UpwardListen | null = null;
  private hasAsked = false;
  private openings = 0;
  private users = 0;
  private resting = false;
  private missed = false;
  /** What somebody wants to hear of. */
  private readonly watched = new Set<string>();
  /** When nothing ran on it any more, and when it was last opened or watched, on the monotonic clock. */
  idleSince = performance.now();
  usedAt = performance.now();
  private readonly running = new Set<Abort>();
  private readonly end = new Abort();

  constructor(
    /** The record as it was read last. */
    public gateway: Gateway,
    private readonly parts: LineParts,
  ) {
    this.hasAsked = gateway.asksClient;
  }

  get asksClient(): boolean {
    return this.hasAsked;
  }

  get isOpen(): boolean {
    return this.session?.connection.isOpen === true;
  }

  /** Its process was ended because nobody used it: the upstream is as well as it was. */
  get isResting(): boolean {
    return this.resting;
  }

  /** Since it was ended nobody has heard what the upstream had to say. */
  get hasMissed(): boolean {
    return this.missed;
  }

  /** A process that nobody uses or listens to. */
  get isSpare(): boolean {
    const isInUse = this.users > 0 || this.opening !== null || this.watched.size > 0;
    return this.gateway.transport === 'STDIO' && this.isOpen && !isInUse;
  }

  /** Ends the session until it is used again. */
  rest(): void {
    this.resting = true;
    this.missed = true;
    void this.leave()
      ?.connection.close()
      .catch(() => undefined);
  }

  /** Keeps the line from being ended between the requests of one piece of work. */
  async whileUsed<T>(work: () => Promise<T>): Promise<T> {
    this.users++;
    try {
      return await work();
    } finally {
      this.idleSince = performance.now();
      if (--this.users === 0) this.parts.events.idle(this);
    }
  }

  /** Counts the sessions there were: another number means that what was read may be out of date. */
  get sessionNumber(): number {
    return this.openings;
  }

  /** Whether a newer record of the Gateway is still served by this line. */
  fits(gateway: Gateway): boolean {
    const found = this.session?.transport ?? this.gateway.transport;
    const isSameWay = gateway.transport === found || gateway.transport === this.gateway.transport;
    return isSameWay && wayTo(gateway) === wayTo(this.gateway);
  }

  /** Opens the session if it is not open. @throws GatewayError as the dialer does */
  async open(): Promise<void> {
    await this.opened();
  }

  /**
   * Asks the upstream something, on a new session when it has forgotten the old one.
   * @throws UpstreamRpcError · GatewayError `upstream_unreachable`, `upstream_timeout`, `upstream_error`
   */
  async request(
    method: string,
    params: string,
    timeoutMs = this.parts.requestTimeoutMs,
  ): Promise<string> {
    const ask = async (): Promise<string> => {
      const { connection } = await this.opened();
      const request = { ...probeRequest(method, params, timeoutMs), meta: viaMeta(this.parts.own) };
      this.running.add(request.abort);
      try {
        return await connection.request(request);
      } catch (e) {
        if (e instanceof SessionLostError) this.forget(connection);
        else if (connection.greeting.era === 'modern' && doubtsEra(e))
          this.parts.events.doubts(this);
        throw e;
      } finally {
        this.running.delete(request.abort);
      }
    };
    return this.whileUsed(() =>
      ask().catch((e: unknown) => {
        if (!(e instanceof SessionLostError)) throw e;
        return ask();
      }),
    );
  }

  /** The upstream behind the open session, ready to be read. */
  async upstream(): Promise<Upstream> {
    const { connection, transport, eraAt } = await this.opened();
    const isModern = connection.greeting.era === 'modern';
    return {
      greeting: isModern ? await this.discovered() : connection.greeting,
      transport,
      eraAt: isModern ? new Date().toISOString() : eraAt,
      ask: (method, params) => this.request(method, params),
    };
  }

  /**
   * Has the upstream tell of changes of a resource, or no more.
   * @throws as `request`; GatewayError `upstream_error` when it will not
   */
  async watch(name: string, isWanted: boolean, kind: Watchable = 'resource'): Promise<void> {
    if (!isWanted) this.watched.delete(`${kind} ${name}`);
    await this.whileUsed(async () => {
      await this.opened();
      await this.tellWatched(name, isWanted, kind);
      if (isWanted) this.watched.add(`${kind} ${name}`);
      this.usedAt = performance.now();
    });
  }

  private async tellWatched(name: string, isWanted: boolean, kind: Watchable): Promise<void> {
    if (this.heard !== null) return this.heard.watch(name, isWanted, kind);
    if (kind === 'task') return;
    const method = isWanted ? 'resources/subscribe' : 'resources/unsubscribe';
    await this.request(method, `"uri":${JSON.stringify(name)}`);
  }

  /** Asks for a sign of life. @throws as `request` */
  async ping(timeoutMs: number): Promise<void> {
    const { connection } = await this.opened();
    const isModern = connection.greeting.era === 'modern';
    await this.request(isModern ? 'server/discover' : 'ping', '', timeoutMs);
  }

  /** What is open is of no use any more: it ends, and whoever watches opens anew. */
  renew(reason: string): void {
    const session = this.leave();
    if (session === null || this.end.aborted) return;
    void session.connection.close().catch(() => undefined);
    this.parts.events.closed(this, reason);
  }

  /** A modern upstream says anew what it is whenever it is read: nothing else would tell of a change. */
  private async discovered(): Promise<Greeting> {
    const verdict = readDiscovery(await this.request('server/discover', ''));
    if (verdict.era === 'modern') return verdict.greeting;
    throw new GatewayError('upstream_error', { reason: 'it no longer answers server/discover' });
  }

  /** Ends the session and what runs on it. One that is just being opened ends when it is open. */
  async close(): Promise<void> {
    this.end.abort('closed');
    for (const abort of this.running) abort.abort('closed');
    const session = this.leave();
    await session?.connection.close();
  }

  private leave(): Session | null {
    const { session } = this;
    this.session = null;
    this.heard?.close();
    this.heard = null;
    this.watched.clear();
    return session;
  }

  private async opened(): Promise<Session> {
    if (this.session?.connection.isOpen === true) return this.session;
    if (this.end.aborted) throw changed();
    this.opening ??= this.openUntilClosed();
    return this.opening;
  }

  private openUntilClosed(): Promise<Session> {
    const dialled = this.dial().finally(() => {
      this.opening = null;
    });
    return new Promise<Session>((resolve, reject) => {
      const ended = (): void => {
        reject(changed());
      };
      this.end.onAbort(ended);
      const settled = (): void => {
        this.end.offAbort(ended);
      };
      dialled.then(resolve, reject).finally(settled);
    });
  }

  private async dial(): Promise<Session> {
    const { dialer, secrets, events, own } = this.parts;
    // Whether it wakes or not, from now on it is known how it is.
    this.resting = false;
    const dialled = await dialer.open(
      this.gateway,
      secrets(this.gateway),
      {
        onNotification: (method, params) => {
          this.noticed(method, params);
        },
        onRequest: answerAlone,
        onAsks: () => {
          this.asked();
        },
        onClosed: (reason) => {
          this.leave();
          if (!this.end.aborted) events.closed(this, reason);
        },
        abort: this.end,
        givesWay: true,
      },
      { capabilities: ALL_CAPABILITIES },
    );
    if (this.end.aborted) {
      await dialled.connection.close();
      throw changed();
    }
    const loop = loopBy(own, dialled.connection.greeting, this.gateway.name);
    if (loop !== null) {
      await dialled.connection.close();
      throw loop;
    }
    this.session = dialled;
    this.openings++;
    this.usedAt = performance.now();
    const { missed } = this;
    this.missed = false;
    this.hear(dialled.connection);
    events.opened(this);
    if (missed) events.woken(this);
    return dialled;
  }

  /** Modern upstreams tell of changes on a subscription only, legacy ones unasked. */
  private hear(connection: UpstreamConnection): void {
    void connection.listen();
    if (connection.greeting.era === 'legacy') return;
    const { requestTimeoutMs, events } = this.parts;
    this.heard = new UpwardListen(
      connection,
      {
        notice: (method, params) => {
          this.noticed(method, params);
        },
        again: () => {
          events.listChanged(this, 'subscriptions/listen');
        },
      },
      requestTimeoutMs,
    );
    this.heard.start();
  }

  private forget(connection: UpstreamConnection): void {
    if (this.session?.connection === connection) this.leave();
    // Nothing is left to end above; this ends our own side.
    void connection.close().catch(() => undefined);
  }

  /** What the upstream tells of changes, on this session or that of a client. */
  noticed(method: string, params: string): void {
    const { events } = this.parts;
    if (LIST_CHANGED.test(method)) events.listChanged(this, method);
    else if (method === 'notifications/resources/updated') {
      const members = findMembers(`{${params}}`, RELAYED);
      const uri = members?.string('uri');
      if (uri !== undefined) events.resourceUpdated(this, uri, members?.without('uri') ?? '');
    } else if (method === 'notifications/tasks') {
      const members = findMembers(`{${params}}`, RELAYED);
      const taskId = members?.string('taskId');
      if (taskId !== undefined) events.taskTold(this, taskId, members?.without('taskId') ?? '');
    }
  }

  private asked(): void {
    if (this.hasAsked) return;
    this.hasAsked = true;
    this.parts.events.asks(this);
  }
}

function changed(): GatewayError {
  return new GatewayError('upstream_unreachable', { reason: 'the gateway was changed' });
}

/** Everything that decides how an upstream is reached, its transport apart. */
function wayTo(g: Gateway): string {
  return JSON.stringify([
    [g.url, g.command, g.args, g.cwd, g.envSealed],
    [g.authType, g.authSealed],
    [g.connectTimeoutMs, g.initTimeoutMs, g.maxConcurrency],
  ]);
}

/** No client stands behind the sync session: it has no roots, and can do nothing else. */
function answerAlone(method: string): string {
  if (method === 'roots/list') return '"result":{"roots":[]}';
  return '"error":{"code":-32601,"message":"No client can answer on this session"}';
}
