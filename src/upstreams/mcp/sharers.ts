import type { SessionOwner, Sharers } from './connection.js';

const MAX_USERS = 4096;

/** The client sessions that have used an upstream session which belongs to none of them. */
export class LineSharers implements Sharers {
  /** Nearly every request is of the session that came last. */
  private latest: string | null = null;
  /** Who hears is made when there is something to hear. */
  private readonly users = new Map<string, SessionOwner | null>();

  /** @param find makes the hearer of a client session */
  constructor(private readonly find: (sessionId: string) => SessionOwner | null) {}

  /** Hot: a request of a session; `null` where the client has none. */
  met(sessionId: string | null): void {
    if (sessionId === this.latest || sessionId === null) return;
    this.latest = sessionId;
    if (this.users.has(sessionId)) return;
    const [oldest] = this.users.size < MAX_USERS ? [] : this.users.keys();
    if (oldest !== undefined) this.users.delete(oldest);
    this.users.set(sessionId, null);
  }

  /** The session has ended, or rests. */
  left(sessionId: string): void {
    if (sessionId === this.latest) this.latest = null;
    this.users.delete(sessionId);
  }

  one(sessionId: string): SessionOwner | null {
    const known = this.users.get(sessionId);
    if (known !== undefined && known !== null) return known;
    const found = this.find(sessionId);
    // One hearer each: it bounds what is said to its session.
    if (known === null && found !== null) this.users.set(sessionId, found);
    return found;
  }

  all(): readonly SessionOwner[] {
    return [...this.users.keys()].map((id) => this.one(id)).filter((one) => one !== null);
  }
}
