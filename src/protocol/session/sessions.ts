import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { LIST_KINDS, type LogLevel, noticesOf, type Revision } from '../../kernel/mcp.js';
import { TailMap } from '../../kernel/tail-map.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import { Meters } from '../../platform/metrics/meters.js';
import { MemoryKv } from '../../platform/kv/memory.kv.js';
import { DEFAULT_LEVEL, HeldSessions } from './held.js';
import type { ListMarks } from './list-marks.js';
import {
  MAX_SESSION_AGE_SECONDS,
  SESSION_LABEL,
  type SessionClaims,
  decodeClaims,
  encodeClaims,
  sealedPart,
  toSessionId,
} from './sealed-id.js';

/** One client's state across calls; everything but what the seal holds is kept beside, by `randomId`. */
export interface Session {
  readonly claims: SessionClaims;
  /** With a way back to the client. */
  readonly view: ClientView;
  /** For Calls whose client cannot be asked: nothing is declared upwards. */
  readonly mutedView: ClientView;
  /** When its latest request came, on the clock of `performance.now()`. */
  usedAt: number;
  /** Notices that it could not be told: its next stream begins with them. All, after a restart or a long rest. */
  missed: ReadonlySet<string>;
  /** How its lists read when it was last there; its next stream tells of what differs. */
  seen: ListMarks | null;
}

interface OpenedSession extends Session {
  /** The key under which it is noted that it has ended. */
  readonly tombstone: string;
}

const ALL_NOTICES = noticesOf(LIST_KINDS);
const NO_NOTICES: ReadonlySet<string> = new Set();
const MAX_OPENED = 20_000;
const AGE_MS = MAX_SESSION_AGE_SECONDS * 1000;

/** Legacy sessions, sealed in their own ids (PROTOCOL.md §3.1, SECURITY.md S05). */
@Injectable()
export class Sessions {
  private readonly opened = new TailMap<OpenedSession>();

  constructor(
    private readonly sealer: Sealer,
    private readonly kv: MemoryKv,
    private readonly held: HeldSessions,
    private readonly meters: Meters,
  ) {}

  /** Sessions with a request since they were last forgotten. */
  get size(): number {
    return this.opened.size;
  }

  /**
   * @returns the id for `Mcp-Session-Id`: visible ASCII, at most 1 KiB
   * @throws GatewayError `overloaded` while too many sessions hold something
   */
  create(facts: {
    caller: Caller;
    serverId: ServerId | null;
    revision: Revision;
    capabilities: string;
    clientInfo: string;
    seen: ListMarks;
  }): string {
    this.held.requireRoom();
    const claims: SessionClaims = {
      randomId: randomBytes(16).toString('hex'),
      principalHash: facts.caller.principalHash,
      serverId: facts.serverId,
      revision: facts.revision,
      capabilities: facts.capabilities,
      clientInfo: facts.clientInfo,
      issuedAt: Math.floor(Date.now() / 1000),
    };
    const id = toSessionId(this.sealer.seal(SESSION_LABEL, encodeClaims(claims)));
    this.remember(id, toSession(claims, NO_NOTICES, facts.seen));
    return id;
  }

  /**
   * Opens an id for one request. Every reason to refuse it has the same answer.
   * @throws GatewayError `session_not_found`
   */
  open(id: string, caller: Caller, serverId: ServerId | null): Session {
    const session = this.opened.get(id) ?? this.unseal(id);
    if (session === undefined) throw new GatewayError('session_not_found');
    const { claims } = session;
    if (
      claims.principalHash !== caller.principalHash ||
      claims.serverId !== serverId ||
      Date.now() / 1000 - claims.issuedAt > MAX_SESSION_AGE_SECONDS ||
      this.kv.getNow(session.tombstone) !== undefined
    )
      throw new GatewayError('session_not_found');
    session.usedAt = performance.now();
    this.held.touch(claims.randomId, session.usedAt);
    return session;
  }

  /** Ends a session for good, until its id is too old anyway. */
  end(session: Session): void {
    void this.kv.set(tombstone(session.claims.randomId), '1', AGE_MS);
  }

  setLevel(sessionId: string, level: LogLevel): void {
    this.held.setLevel(sessionId, level);
  }

  /** The level that a session asked for; `null` when it never did. */
  askedLevel(sessionId: string): LogLevel | null {
    return this.held.level(sessionId);
  }

  level(sessionId: string): LogLevel {
    return this.held.level(sessionId) ?? DEFAULT_LEVEL;
  }

  /** Ids without a request since `before` are unsealed again when they come back. */
  forgetIdle(before: number): void {
    for (const [id, session] of this.opened) if (session.usedAt < before) this.forget(id);
  }

  private forget(id: string): void {
    if (this.opened.delete(id)) this.meters.sessions('http', -1);
  }

  private unseal(id: string): OpenedSession | undefined {
    const sealed = sealedPart(id);
    const text = sealed === undefined ? undefined : this.sealer.open(SESSION_LABEL, sealed);
    const claims = text === undefined ? undefined : decodeClaims(text);
    if (claims === undefined) return undefined;
    const session = toSession(claims, ALL_NOTICES, null);
    this.remember(id, session);
    return session;
  }

  private remember(id: string, session: OpenedSession): void {
    if (this.opened.size >= MAX_OPENED) {
      const oldest = this.opened.oldest();
      if (oldest !== undefined) this.forget(oldest);
    }
    const before = this.opened.size;
    this.opened.set(id, session);
    this.meters.sessions('http', this.opened.size - before);
  }
}

function toSession(
  claims: SessionClaims,
  missed: ReadonlySet<string>,
  seen: ListMarks | null,
): OpenedSession {
  const view: ClientView = {
    era: 'legacy',
    revision: claims.revision,
    sessionId: claims.randomId,
    capabilities: claims.capabilities,
    clientInfo: claims.clientInfo,
    logLevel: null,
  };
  return {
    claims,
    view,
    mutedView: { ...view, capabilities: '{}', declared: view.capabilities },
    tombstone: tombstone(claims.randomId),
    usedAt: performance.now(),
    missed,
    seen,
  };
}

const tombstone = (randomId: string): string => `session:ended:${randomId}`;
