import { randomBytes } from 'node:crypto';
import type { ClientFacts, ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import type { ServerId } from '../../kernel/ids.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import type { SessionClaims } from './sealed-id.js';
import type { Session } from './sessions.js';

/**
 * The session of a client on a pipe. It is the connection itself: nothing of it is sealed, and it ends
 * with the connection (PROTOCOL.md §3.1).
 */
export class PipeSession implements Session {
  claims: SessionClaims;
  view: ClientView;
  mutedView: ClientView;
  usedAt = performance.now();
  missed: ReadonlySet<string> = new Set();
  seen = null;
  private isJoined = false;

  constructor(caller: Caller, serverId: ServerId | null) {
    this.claims = {
      randomId: randomBytes(16).toString('hex'),
      principalHash: caller.principalHash,
      serverId,
      revision: LATEST_LEGACY,
      capabilities: '{}',
      clientInfo: '{}',
      issuedAt: Math.floor(Date.now() / 1000),
    };
    this.view = this.mutedView = {
      era: 'legacy',
      revision: LATEST_LEGACY,
      sessionId: this.id,
      capabilities: '{}',
      clientInfo: null,
      logLevel: null,
    };
  }

  /** Names the session inside the gateway. */
  get id(): string {
    return this.claims.randomId;
  }

  /** Whether `initialize` has been answered. */
  get isOpen(): boolean {
    return this.isJoined;
  }

  /** Calls from now on are those of a client of whom this is known; earlier ones keep what they had. */
  join(facts: ClientFacts): void {
    this.isJoined = true;
    this.claims = { ...this.claims, ...facts };
    this.view = { ...this.view, ...facts };
    this.mutedView = { ...this.view, capabilities: '{}', declared: facts.capabilities };
  }
}
