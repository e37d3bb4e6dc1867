import { Abort } from '../../kernel/abort.js';
import { type Caller, ownerOf } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import { CAPABILITY, readCapabilities } from '../../kernel/client-capabilities.js';
import { takesTasks } from '../../kernel/core-tasks.js';
import { GatewayError } from '../../kernel/errors.js';
import { LOG_LEVELS, type LogLevel } from '../../kernel/mcp.js';
import type { GatewayId } from '../../kernel/ids.js';
import type { SessionOwner, UpstreamConnection } from './connection.js';
import { probeRequest } from './probe-request.js';
import { LineSharers } from './sharers.js';

export interface SessionFacts {
  readonly key: string;
  readonly gateway: Gateway;
  readonly caller: Caller;
  /** The client session it serves alone; `null` when it has others. */
  readonly sessionId: string | null;
  /** Client capabilities to declare, as JSON text. */
  readonly declared: string;
  /** `clientInfo` to send, as JSON text; `null` = the gateway's own. */
  readonly clientInfo: string | null;
}

const ROOTS_CHANGED = 'notifications/roots/list_changed';
/** The least severe level wanted by those who never said. */
const UNSAID: LogLevel = 'info';
const SET_LEVEL_MS = 5000;

/** One upstream session in the pool, opened or not, with who uses it. */
export class PooledSession {
  readonly gatewayId: GatewayId;
  readonly isProcess: boolean;
  /** Whose it counts as: the principal it was opened for, or where there is none the address. */
  readonly owner: string;
  connection: UpstreamConnection | null = null;
  opening: Promise<PooledSession> | null = null;
  hasAsked = false;
  /** Requests that run on it or wait for it. */
  calls = 0;
  idleSince = performance.now();
  /** Called when it is closed for good; `null` while it may be used. */
  private gone: (() => void) | null = null;
  /** Called when the last request is over. */
  private rested: (() => void) | null = null;
  private waiting = 0;
  /** Those who waited for it to open have gone. */
  unwanted = new Abort();
  private level: LogLevel | null = null;
  /** Where a notice of changed roots is under way. */
  private telling: UpstreamConnection | null = null;
  private tellsAgain = false;
  /** The clients that it has in common; `null` where it is one's own, or nothing could be told of a call. */
  readonly sharers: LineSharers | null;

  /** @param hearer makes who hears, for a client session, what is said outside its calls */
  constructor(
    readonly facts: SessionFacts,
    hearer: (sessionId: string) => SessionOwner | null,
  ) {
    this.gatewayId = facts.gateway.id;
    this.isProcess = facts.gateway.transport === 'STDIO';
    this.owner = ownerOf(facts.caller);
    const isShared = facts.sessionId === null && facts.gateway.era !== 'modern';
    this.sharers = isShared ? new LineSharers(hearer) : null;
  }

  /** @throws GatewayError `upstream_unreachable` when it has just been closed */
  get line(): UpstreamConnection {
    if (this.connection === null)
      throw new GatewayError('upstream_unreachable', { reason: 'the connection was closed' });
    return this.connection;
  }

  /** Whether it is opened with the login of that person. */
  isOf(holder: string): boolean {
    const { gateway, caller } = this.facts;
    return gateway.loginPerUser && caller.principalHash === holder;
  }

  get isIdle(): boolean {
    return this.calls === 0 && this.opening === null;
  }

  /** A process that may be ended for another. */
  get isSpare(): boolean {
    return this.isProcess && this.isIdle && this.connection !== null && this.gone === null;
  }

  /** Hot: a request is over. */
  giveBack(): void {
    this.idleSince = performance.now();
    if (--this.calls === 0 && this.rested !== null) this.rested();
  }

  /** @param rested called once when no request is on it any more */
  whenRested(rested: () => void): void {
    this.rested ??= () => {
      this.rested = null;
      rested();
    };
  }

  /** It is being opened for those who wait from now on. */
  opens(): void {
    this.waiting = 0;
    this.unwanted = new Abort();
  }

  /** @param abort tells when this one waits no longer; without it, it waits in any case */
  awaitedBy(abort: Abort | undefined): void {
    const { unwanted } = this;
    this.waiting++;
    abort?.onAbort(() => {
      if (this.unwanted === unwanted && --this.waiting === 0) unwanted.abort('nobody waits');
    });
  }

  /**
   * No new request comes to it; it is closed when those that run are over.
   * @param gone called then
   */
  retire(gone: () => void): Promise<void> {
    this.gone = gone;
    this.rested = () => void this.close();
    return this.calls === 0 ? this.close() : Promise.resolve();
  }

  async close(): Promise<void> {
    const { connection } = this;
    this.connection = null;
    // An end that fails leaves nothing to do: nobody uses it any more.
    await connection?.close().catch(() => undefined);
    this.gone?.();
  }

  /**
   * Whether the upstream must be told of a level before the request that wants it: it sends what the
   * most curious of its clients wants, and each gets what it asked for (PROTOCOL.md §5.1).
   */
  hears(level: LogLevel): boolean {
    if (this.level === null) return true;
    return this.isOwn ? level !== this.level : rank(level) < rank(this.level);
  }

  /** Remembers a level, tells it to the open session, and to those that follow it. */
  async setLevel(level: LogLevel): Promise<void> {
    this.level = this.isOwn || rank(level) < rank(UNSAID) ? level : UNSAID;
    await this.tellLevel();
  }

  /**
   * Opens the stream for what is said outside calls, where anything may come: questions to who declared
   * that it answers, log messages, what becomes of tasks.
   * @returns once it stands, where calls may need it
   */
  async hear(connection: UpstreamConnection): Promise<void> {
    const isNeeded = this.facts.declared !== '{}' || takesTasks(this.facts.gateway);
    if (!isNeeded && !logs(connection)) return;
    // Some upstreams ask on this stream, not on that of the call: it stands before the first one.
    const stands = connection.listen();
    if (isNeeded || this.isOwn) await stands;
  }

  async tellLevel(): Promise<void> {
    const { connection, level } = this;
    if (connection === null || level === null || !logs(connection)) return;
    const request = probeRequest('logging/setLevel', `"level":"${level}"`, SET_LEVEL_MS);
    // An upstream that refuses goes on as it likes; what its clients hear is filtered anyway.
    await connection.request(request).catch(() => undefined);
  }

  /** Only who was promised to be told; whoever else has roots asks for them again and again. */
  tellRootsChanged(): void {
    const { connection } = this;
    if (connection?.greeting.era !== 'legacy') return;
    const { bits } = readCapabilities(this.facts.declared);
    if ((bits & CAPABILITY.rootsListChanged) === 0) return;
    if (this.telling === connection) this.tellsAgain = true;
    else void this.tellOnce(connection);
  }

  private async tellOnce(connection: UpstreamConnection): Promise<void> {
    this.telling = connection;
    this.tellsAgain = false;
    await connection.notify(ROOTS_CHANGED, '');
    this.told(connection);
  }

  /** However often they changed meanwhile, one more says it all. */
  private told(connection: UpstreamConnection): void {
    // It may be another one that is being told by now.
    if (this.telling !== connection) return;
    this.telling = null;
    if (this.tellsAgain) this.tellRootsChanged();
  }

  private get isOwn(): boolean {
    return this.facts.sessionId !== null;
  }
}

function rank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

function logs({ greeting }: UpstreamConnection): boolean {
  if (greeting.era === 'modern') return false;
  return Object.hasOwn(JSON.parse(greeting.capabilities) as object, 'logging');
}
