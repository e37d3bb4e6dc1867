import type { Call } from '../kernel/call.js';
import { notificationText } from '../kernel/jsonrpc.js';
import type { LogLevel } from '../kernel/mcp.js';
import { related } from '../kernel/related-task.js';
import type { UpstreamObserver } from '../kernel/upstream.js';
import type { Meters } from '../platform/metrics/meters.js';
import type { ClientRequests } from './client-requests.js';
import { FloodGate } from './flood-gate.js';
import { isLogWanted } from './log-filter.js';
import type { Sessions } from './session/sessions.js';

/** Removed in 2026-07-28: nothing there has the id that it names (PROTOCOL.md §14). */
const ELICITATION_COMPLETE = 'notifications/elicitation/complete';
const TASK_NOTICE = /^notifications\/tasks(?:\/|$)/;

/** Relays what an upstream says within a call to the one client that made it. */
export class CallObserver implements UpstreamObserver {
  /** Made when there is something to hold back; most calls say nothing before their answer. */
  private gate: FloodGate | null = null;
  /** Whether what is heard names tasks by ids that the client has; else no task is named to it. */
  namesTasks = false;

  constructor(
    private readonly call: Call,
    /** The client's progress token as written. */
    private readonly progressToken: string | undefined,
    private readonly sessions: Sessions,
    private readonly clientRequests: ClientRequests,
    private readonly meters: Meters,
  ) {}

  /** A modern request says itself what it wants, a legacy session said it once. */
  get logLevel(): LogLevel | null {
    const { era, logLevel, sessionId } = this.call.client;
    if (era === 'modern') return logLevel;
    return sessionId === null ? null : this.sessions.level(sessionId);
  }

  progress(params: string): void {
    if (this.progressToken === undefined) return;
    const said = this.shown(params);
    const token = `"progressToken":${this.progressToken}`;
    this.opened().latest(
      notificationText('notifications/progress', said === '' ? token : `${token},${said}`),
    );
  }

  notification(method: string, params: string): void {
    if (method === 'notifications/message' && !isLogWanted(params, this.logLevel)) return;
    // They name tasks by ids of the upstream, and go to who follows the task.
    if (TASK_NOTICE.test(method)) return;
    if (method === ELICITATION_COMPLETE && this.call.client.era === 'modern') return;
    this.opened().each(notificationText(method, this.shown(params)));
  }

  behind(caughtUp: () => void): boolean {
    return this.call.channel.behind?.(caughtUp) ?? false;
  }

  /** The answer comes next: progress that waits goes before it, unless nobody wants it any more. */
  end(): void {
    this.gate?.end(!this.call.abort.aborted);
  }

  ask(...[method, said, answer, progressed]: Parameters<UpstreamObserver['ask']>): () => void {
    const params = this.shown(said);
    return this.clientRequests.ask(this.call, { method, params, answer, progressed });
  }

  private shown(params: string): string {
    return this.namesTasks ? params : related(params, null);
  }

  private opened(): FloodGate {
    this.gate ??= new FloodGate(
      (text) => this.call.channel.send(text),
      () => {
        this.meters.dropped('flood');
      },
    );
    return this.gate;
  }
}
