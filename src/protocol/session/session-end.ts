import { Injectable } from '@nestjs/common';
import { ConnectionPool } from '../../upstreams/mcp/connection.pool.js';
import { InFlight } from '../in-flight.js';
import { Listeners } from '../listeners.js';
import { ResourceSubscriptions } from '../resource-subscriptions.js';
import { HeldSessions } from './held.js';
import { type Session, Sessions } from './sessions.js';

/** The ends of sessions: the one that a client wants, and the one of what it left behind. */
@Injectable()
export class SessionEnd {
  constructor(
    private readonly sessions: Sessions,
    private readonly held: HeldSessions,
    private readonly listeners: Listeners,
    private readonly inFlight: InFlight,
    private readonly subscriptions: ResourceSubscriptions,
    private readonly pool: ConnectionPool,
  ) {}

  /** The client's DELETE: tombstone, stream closed, calls cancelled, nothing held any more. */
  end(session: Session): void {
    const id = session.claims.randomId;
    this.sessions.end(session);
    this.listeners.close(id);
    this.inFlight.cancelAll(id, 'the session has ended');
    this.release(id);
  }

  /** Frees what is held beside the id: level, subscriptions, upstream sessions of its own. */
  release(sessionId: string): void {
    this.held.release(sessionId);
    void this.subscriptions.end(sessionId);
    void this.pool.closeSession(sessionId);
  }

  /** A pipe is closed: nobody can get an answer of its calls any more. */
  pipeClosed(sessionId: string): void {
    this.inFlight.cancelAll(sessionId, 'the client is gone');
    this.release(sessionId);
  }
}
