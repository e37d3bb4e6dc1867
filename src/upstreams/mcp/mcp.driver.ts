import { Injectable } from '@nestjs/common';
import type { Abort } from '../../kernel/abort.js';
import type { Gateway } from '../../kernel/catalog.js';
import type { Driver, Stay, UpstreamReply, UpstreamRequest } from '../../kernel/upstream.js';
import { unlessAborted } from '../../kernel/unless-aborted.js';
import { SessionLostError, type UpstreamConnection } from './connection.js';
import { ConnectionPool } from './connection.pool.js';
import { doubtsEra, ownFault, refusesHeaders } from './modern-refusal.js';
import { PooledSession } from './pooled-session.js';
import { answeredBadly } from './upstream-fault.js';

/** One try of a request on a session. */
interface Try {
  readonly gateway: Gateway;
  readonly session: PooledSession;
  readonly connection: UpstreamConnection;
  readonly isLast: boolean;
}

const MAX_TRIES = 2;

/** Reaches MCP servers over pooled upstream sessions. */
@Injectable()
export class McpDriver implements Driver {
  readonly kind = 'mcp';

  constructor(private readonly pool: ConnectionPool) {}

  /** What proves that nothing ran is tried once more (PROTOCOL.md §3.3, §4.6). */
  async request(gateway: Gateway, request: UpstreamRequest): Promise<UpstreamReply> {
    const { logLevel } = request;
    for (let tries = 1; ; tries++) {
      const found = this.take(gateway, request);
      // Nearly every call finds an open one, and waits for nothing.
      const session = found instanceof Promise ? await found : found;
      let connection: UpstreamConnection | null = null;
      try {
        if (logLevel !== null && session.hears(logLevel)) await session.setLevel(logLevel);
        connection = session.line;
        const result = await connection.request(request);
        return { result, era: connection.greeting.era };
      } catch (e) {
        if (connection === null) throw e;
        await this.recover({ gateway, session, connection, isLast: tries === MAX_TRIES }, e);
      } finally {
        session.giveBack();
      }
    }
  }

  /** Opening takes its time; who cancels meanwhile waits no longer. */
  private opened(found: Promise<PooledSession>, abort: Abort): Promise<PooledSession> {
    return unlessAborted(found, abort, (session) => {
      session.giveBack();
    });
  }

  private take(
    gateway: Gateway,
    { caller, client, stay, abort }: UpstreamRequest,
  ): PooledSession | Promise<PooledSession> {
    if (stay === undefined || stay === null) {
      const found = this.pool.take(gateway, caller, client, abort);
      return found instanceof Promise ? this.opened(found, abort) : found;
    }
    const { held } = stay;
    if (held instanceof PooledSession && held.connection?.isOpen === true) {
      held.calls++;
      return held;
    }
    // Given back before another is taken: what is dead must not keep its key from who comes next.
    stay.held = null;
    held?.giveBack();
    const waits = stay.abort ?? abort;
    return this.settle(stay, this.pool.take(gateway, caller, client, waits), waits);
  }

  /**
   * A course counts as one more request on its session, so that it is neither closed nor leased. One
   * that comes late is not held: its course may be over.
   */
  private async settle(
    stay: Stay,
    found: PooledSession | Promise<PooledSession>,
    abort: Abort,
  ): Promise<PooledSession> {
    const session = found instanceof Promise ? await this.opened(found, abort) : found;
    session.calls++;
    stay.held = session;
    return session;
  }

  /** Prepares one more try. @throws what is to be said, where it would do no better */
  private async recover(failed: Try, error: unknown): Promise<void> {
    const { gateway, session, connection, isLast } = failed;
    if (error instanceof SessionLostError) {
      // One new session for all who wait.
      this.pool.forget(session, connection);
      if (isLast) throw answeredBadly('Upstream lost its session twice in a row', { cause: error });
      return;
    }
    if (connection.greeting.era !== 'modern') throw error;
    if (isLast) throw ownFault(error);
    if (refusesHeaders(error)) await this.pool.readAgain(gateway.id);
    else if (!doubtsEra(error) || !(await this.pool.doubt(gateway).catch(() => false)))
      throw ownFault(error);
  }
}
