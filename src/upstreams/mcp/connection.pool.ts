import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Abort } from '../../kernel/abort.js';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import { TASK_STATUS } from '../../kernel/core-tasks.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { isChangeNotice } from '../../kernel/mcp.js';
import { isVendorNotice } from '../../kernel/vendor-methods.js';
import { Meters } from '../../platform/metrics/meters.js';
import { Config } from '../../config/config.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import type { SessionOwner, UpstreamConnection } from './connection.js';
import { Dialer, type DialSecrets } from './dialer.js';
import { KeptSessions } from './kept-sessions.js';
import { type RoomLimits, makeRoom } from './pool-room.js';
import { PoolLine } from './pool-line.js';
import { PooledSession, type SessionFacts } from './pooled-session.js';
import { PoolSpares } from './pool-spares.js';
import { ProcessRoom } from './process-room.service.js';
import {
  declaredTo,
  leased,
  needsLease,
  ofPerson,
  type Sharing,
  sessionKey,
  sharingOf,
} from './session-key.js';

/** The client sessions that have upstream sessions for themselves. */
export interface SessionOwners {
  /** One is to get an upstream session of its own. @throws GatewayError `overloaded` */
  admit(sessionId: string): void;
  /** The owner of a session with that Gateway. */
  of(sessionId: string, gatewayId: GatewayId): SessionOwner;
}

const MAX_REAP_PAUSE_MS = 30_000;
const REAPS_PER_TTL = 4;

/**
 * The upstream sessions that calls use, by (Gateway, who shares it, capabilities declared)
 * (PROTOCOL.md §3.2). The sync session of a Gateway is not among them.
 */
@Injectable()
export class ConnectionPool implements OnModuleDestroy {
  private readonly lines = new Map<GatewayId, PoolLine>();
  /** All that are not closed, those that only finish what they have begun too. */
  private readonly alive = new Set<PooledSession>();
  private readonly reaper: NodeJS.Timeout;
  private readonly limits: RoomLimits;
  /** What keeps sessions in use between requests. */
  readonly kept: KeptSessions;
  private owners: SessionOwners | null = null;

  constructor(
    private readonly dialer: Dialer,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
    private readonly meters: Meters,
    room: ProcessRoom,
  ) {
    this.limits = {
      total: config.mcpMaxSessions,
      perGateway: config.upstreamMaxSessionsPerGateway,
      perPrincipal: config.upstreamMaxSessionsPerPrincipal,
    };
    this.kept = new KeptSessions(config.sessionTtlMs);
    this.reaper = setInterval(
      () => {
        this.reap(performance.now());
      },
      Math.min(MAX_REAP_PAUSE_MS, this.processTtlMs / REAPS_PER_TTL),
    );
    room.addSource(
      new PoolSpares(this.alive, room, this.kept, (session) => {
        void this.end(session);
      }),
    );
    this.reaper.unref();
    // What is being opened just now is opened the new way, or with the new login.
    dialer.onPersonChange((id, holder, isIn) => {
      void this.retire(
        (s) => s.gatewayId === id && s.isOf(holder) && !(isIn && s.opening !== null),
      );
    });
    dialer.onEraChange((id) => {
      void this.retire((session) => session.gatewayId === id && session.opening === null);
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.reaper);
    await Promise.all([...this.alive].map((session) => session.close()));
  }

  ownedBy(owners: SessionOwners): void {
    this.owners = owners;
  }

  /**
   * The session for a request, at once when it is open; whoever takes it gives it back.
   * @param abort tells that who asked no longer waits for it to be opened
   * @throws GatewayError `overloaded` and those of opening
   */
  take(
    gateway: Gateway,
    caller: Caller,
    client: ClientView,
    abort?: Abort,
  ): PooledSession | Promise<PooledSession> {
    const line = this.lineOf(gateway);
    const sharing = sharingOf(gateway, line.isStateless);
    const said = sharing === 'per-session' ? (client.declared ?? client.capabilities) : undefined;
    const declared = line.declared(said ?? client.capabilities);
    const among = needsLease(gateway, sharing, client, declared) ? line.sessions : null;
    const own = sessionKey(sharing, caller, client, declared);
    const key = leased(ofPerson(gateway, caller, own), among);
    let session = line.sessions.get(key);
    if (session === undefined) {
      const whose = ownership(gateway, sharing, client);
      session = this.add(line, { key, gateway, caller, declared, ...whose });
    }
    session.calls++;
    session.sharers?.met(client.sessionId);
    if (session.connection?.isOpen === true) return session;
    return this.opened(line, session, abort);
  }

  /** A session that the upstream has forgotten: the next request opens a new one. */
  forget(session: PooledSession, connection: UpstreamConnection): void {
    if (session.connection === connection) session.connection = null;
    // It is of no use any more: what its end still meets is no news.
    void connection.close().catch(() => undefined);
  }

  /** Hears what becomes of tasks; `params` is the inside of the notice's params. */
  taskTold: (id: GatewayId, params: string) => void = () => undefined;

  /** Hears what upstreams tell of changes; `params` as for tasks. */
  changeTold: (id: GatewayId, method: string, params: string) => void = () => undefined;

  /** Reads the lists of a Gateway, whose calls are refused for what they say of its tools. */
  readAgain: (id: GatewayId) => Promise<void> = () => Promise.resolve();

  /**
   * A modern upstream answers as if it were none: it is asked again how it is spoken to.
   * @returns whether another connection may do better
   */
  async doubt(gateway: Gateway): Promise<boolean> {
    // Others may have found out meanwhile: what counts is how this call was sent.
    return this.dialer.recheck(gateway, this.secrets(gateway), 'modern');
  }

  /** The Gateway was changed or is gone: what runs ends where it is, everything else anew. */
  async closeGateway(id: GatewayId): Promise<void> {
    this.dialer.forget(id);
    this.lines.delete(id);
    await this.retire((session) => session.gatewayId === id);
  }

  /** A client session holds nothing any more: what was opened for it only is closed. */
  async closeSession(sessionId: string): Promise<void> {
    for (const { sharers } of this.alive) sharers?.left(sessionId);
    this.kept.left(sessionId);
    await this.retire((session) => session.facts.sessionId === sessionId);
  }

  /** Tells what a client session has for itself: nobody else's roots have changed (PROTOCOL.md §5.1). */
  rootsChanged(sessionId: string): void {
    for (const session of this.alive)
      if (session.facts.sessionId === sessionId) session.tellRootsChanged();
  }

  /** Closes what nobody has used for too long; `now` is on the clock of `performance.now()`. */
  reap(now: number): void {
    const { sessionTtlMs } = this.config;
    void this.retire(
      (session) =>
        this.kept.isUnused(session, now) &&
        now - session.idleSince > (session.isProcess ? this.processTtlMs : sessionTtlMs),
    );
  }

  /** A process was started for a call. */
  processStarted: (id: GatewayId) => void = () => undefined;

  /** Whether processes of a Gateway serve calls, or did lately. */
  hasProcess(id: GatewayId): boolean {
    for (const session of this.alive)
      if (session.isProcess && session.gatewayId === id) return true;
    return false;
  }

  private get processTtlMs(): number {
    return Math.min(this.config.stdioIdleTimeoutMs, this.config.sessionTtlMs);
  }

  private lineOf(gateway: Gateway): PoolLine {
    const known = this.lines.get(gateway.id);
    if (known !== undefined) {
      if (known.gateway !== gateway) known.renew(gateway);
      return known;
    }
    const line = new PoolLine(gateway);
    this.lines.set(gateway.id, line);
    return line;
  }

  private add(line: PoolLine, facts: PooledSession['facts']): PooledSession {
    const hearer = (id: string): SessionOwner | null => this.hearer(facts.gateway.id, id);
    const session = new PooledSession(facts, hearer);
    for (const spare of makeRoom(
      this.alive,
      { gateway: facts.gateway, owner: session.owner },
      this.limits,
      this.kept,
    ))
      void this.end(spare);
    if (facts.sessionId !== null) this.owners?.admit(facts.sessionId);
    line.sessions.set(facts.key, session);
    this.alive.add(session);
    return session;
  }

  private hearer(gatewayId: GatewayId, sessionId: string): SessionOwner | null {
    return this.owners?.of(sessionId, gatewayId) ?? null;
  }

  private async opened(
    line: PoolLine,
    session: PooledSession,
    abort: Abort | undefined,
  ): Promise<PooledSession> {
    if (session.opening === null) {
      session.opens();
      session.opening = this.open(line, session).finally(() => {
        session.opening = null;
      });
    }
    session.awaitedBy(abort);
    const { unwanted } = session;
    try {
      return await session.opening;
    } catch (e) {
      // It was given up for others, before this one came.
      if (unwanted.aborted && abort?.aborted !== true) return this.opened(line, session, abort);
      session.giveBack();
      // Others may wait for a later try of theirs.
      if (session.isIdle && session.connection === null) await this.end(session);
      throw e;
    }
  }

  private async open(line: PoolLine, session: PooledSession): Promise<PooledSession> {
    const { gateway } = line;
    const { declared, clientInfo, sessionId, caller } = session.facts;
    let opened: UpstreamConnection | null = null;
    const { connection } = await this.dialer.open(
      gateway,
      this.secrets(gateway),
      {
        owner: sessionId === null ? null : this.hearer(gateway.id, sessionId),
        sharers: session.sharers,
        abort: session.unwanted,
        // A vendor's notice without a call has no owner.
        onNotification: (method, params) => {
          if (method === TASK_STATUS) this.taskTold(gateway.id, params);
          else if (isChangeNotice(method)) this.changeTold(gateway.id, method, params);
          else if (isVendorNotice(method)) this.meters.dropped('vendor_notice');
        },
        onRequest: () => '"error":{"code":-32601,"message":"Nobody is there to answer"}',
        onAsks: () => {
          this.asked(line, session);
        },
        onClosed: () => {
          if (session.connection === opened) session.connection = null;
        },
      },
      { capabilities: declared, clientInfo, person: gateway.loginPerUser ? caller : null },
    );
    if (this.lines.get(gateway.id)?.sessions.get(session.facts.key) !== session) {
      void connection.close();
      throw new GatewayError('upstream_unreachable', {
        reason: 'the gateway was changed meanwhile',
      });
    }
    line.isStateless = connection.isStateless === true;
    opened = connection;
    if (session.isProcess) this.processStarted(gateway.id);
    session.connection = connection;
    await session.hear(connection);
    await session.tellLevel();
    // Nobody else finds it from now on; it is closed when its request is over.
    if (gateway.sessionMode === 'per-request') void this.end(session);
    return session;
  }

  private secrets(gateway: Gateway): DialSecrets {
    return {
      credential: this.gateways.credential(gateway),
      env: this.gateways.childEnv(gateway),
    };
  }

  private asked(line: PoolLine, session: PooledSession): void {
    if (line.gateway.asksClient || session.hasAsked) return;
    session.hasAsked = true;
    // The next session that is asked tries again; the call goes on either way.
    this.gateways.markAsksClient(session.gatewayId).catch(() => undefined);
  }

  private async retire(which: (session: PooledSession) => boolean): Promise<void> {
    await Promise.all([...this.alive].filter(which).map((session) => this.end(session)));
  }

  private async end(session: PooledSession): Promise<void> {
    const { sessions } = this.lines.get(session.gatewayId) ?? {};
    if (sessions?.get(session.facts.key) === session) sessions.delete(session.facts.key);
    await session.retire(() => {
      this.alive.delete(session);
    });
  }
}

/** Whose a new session is: a client's alone, which then declares all of its own, or nobody's. */
function ownership(
  gateway: Gateway,
  sharing: Sharing,
  client: ClientView,
): Pick<SessionFacts, 'sessionId' | 'clientInfo'> & Partial<SessionFacts> {
  const { sessionId, clientInfo } = client;
  if (sharing !== 'per-session' || sessionId === null) return { sessionId: null, clientInfo: null };
  const declared = declaredTo(gateway, client.declared ?? client.capabilities, true);
  return { sessionId, clientInfo, declared };
}
