import { Injectable } from '@nestjs/common';
import { ConnectionPool } from '../../upstreams/mcp/connection.pool.js';
import { InFlight } from '../in-flight.js';
import { Listeners } from '../listeners.js';
import { ResourceSubscriptions } from '../resource-subscriptions.js';
import { type Session, Sessions } from './sessions.js';

/** The client's DELETE: tombstone, stream closed, calls cancelled, upstream sessions of its own closed. */
@Injectable()
export class SessionEnd {
  constructor(
    private readonly sessions: Sessions,
    private readonly listeners: Listeners,
    private readonly inFlight: InFlight,
    private readonly subscriptions: ResourceSubscriptions,
    private readonly pool: ConnectionPool,
  ) {}

  end(session: Session): void {
    const id = session.claims.randomId;
    this.sessions.end(session);
    this.listeners.close(id);
    this.inFlight.cancelAll(id, 'the session has ended');
    void this.subscriptions.end(id);
    void this.pool.closeSession(id);
  }
}
