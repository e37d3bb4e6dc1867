import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { GatewayId } from '../../kernel/ids.js';
import { notificationText } from '../../kernel/jsonrpc.js';
import { related } from '../../kernel/related-task.js';
import { Meters } from '../../platform/metrics/meters.js';
import { ConnectionPool, type SessionOwners } from '../../upstreams/mcp/connection.pool.js';
import type { SessionOwner } from '../../upstreams/mcp/connection.js';
import { ClientRequests, type Question } from '../client-requests.js';
import { FloodGate } from '../flood-gate.js';
import { Listeners } from '../listeners.js';
import { isLogWanted } from '../log-filter.js';
import { HeldSessions } from './held.js';
import { Sessions } from './sessions.js';

const NOBODY = '"error":{"code":-32601,"message":"Nobody is there to answer"}';

/** What is of one client alone, though no call of it is open. */
const PASSED: ReadonlySet<string> = new Set([
  'notifications/message',
  'notifications/elicitation/complete',
]);

/**
 * The client sessions that have upstream sessions for themselves. What such an upstream says outside any
 * call goes to the stream that its client has open: the GET stream, or the pipe (PROTOCOL.md §3.2).
 */
@Injectable()
export class Owners implements SessionOwners, OnModuleInit {
  constructor(
    private readonly held: HeldSessions,
    private readonly sessions: Sessions,
    private readonly listeners: Listeners,
    private readonly clientRequests: ClientRequests,
    private readonly meters: Meters,
    private readonly pool: ConnectionPool,
  ) {}

  onModuleInit(): void {
    this.pool.ownedBy(this);
  }

  /** An upstream session of its own is held for a session, and freed with it. */
  admit(sessionId: string): void {
    this.held.hold(sessionId);
  }

  /**
   * Names the tasks in the inside of params by the ids that a session has for them. No id of an
   * upstream's own may reach a client.
   */
  shownTasks: (gatewayId: GatewayId, sessionId: string, params: string) => string = (
    _g,
    _s,
    params,
  ) => related(params, null);

  of(sessionId: string, gatewayId: GatewayId): SessionOwner {
    const shown = (params: string): string => this.shownTasks(gatewayId, sessionId, params);
    const gate = new FloodGate(
      (text) => {
        if (!this.listeners.send(sessionId, text)) this.meters.dropped('no_stream');
      },
      () => {
        this.meters.dropped('flood');
      },
    );
    return {
      notification: (method, params) => {
        if (this.isFor(sessionId, method, params))
          gate.each(notificationText(method, shown(params)));
      },
      ask: (method, params, answer, progressed) =>
        this.ask(sessionId, { method, params: shown(params), answer, progressed }),
    };
  }

  /** The client has other roots than when it was asked last. */
  rootsChanged(sessionId: string): void {
    this.pool.rootsChanged(sessionId);
  }

  private isFor(sessionId: string, method: string, params: string): boolean {
    if (!PASSED.has(method)) return false;
    if (method !== 'notifications/message') return true;
    return isLogWanted(params, this.sessions.level(sessionId));
  }

  private ask(sessionId: string, question: Question): () => void {
    const client = this.listeners.clientOf(sessionId);
    if (client === undefined) {
      question.answer(NOBODY);
      return () => undefined;
    }
    const send = (message: string): boolean => this.listeners.send(sessionId, message);
    const whom = { client, channel: { canAsk: true, send } };
    return this.clientRequests.ask(whom, question);
  }
}
