import { setTimeout as pause } from 'node:timers/promises';
import type { Members } from '../../kernel/json-members.js';
import { parseUpstreamMessage, requestText, resultMembers } from '../../kernel/jsonrpc.js';
import { type Claim, standardHeaders } from './claim.js';
import type { ExchangeHooks, Sent } from './exchange.js';
import { ownRequest } from './own-request.js';
import type { Remote } from './remote.js';

/** Pauses before a task is asked for again whose gateway could not be asked. */
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/**
 * The tasks of one subscription. What was told of them while its stream was lost has to be asked for: a
 * notice carries the whole state of a task, so that nothing else can stand in for one.
 */
export class MissedTasks {
  private readonly followed = new Set<string>();
  /** Those whose end was told: another grant does not bring them back. */
  private readonly ended = new Set<string>();
  /** Those that are to be asked for; whoever is told of meanwhile needs it no more. */
  private missed = new Set<string>();

  constructor(
    private readonly remote: Pick<Remote, 'post'>,
    private readonly claim: Claim,
  ) {}

  granted(taskIds: readonly string[]): void {
    for (const taskId of taskIds) if (!this.ended.has(taskId)) this.followed.add(taskId);
  }

  /** A notice of a task has come. */
  told(taskId: string, status: string | undefined): void {
    this.missed.delete(taskId);
    if (ENDED.has(status ?? '')) this.end(taskId);
  }

  /**
   * Asks for all, one after the other.
   * @param tell takes the inside of the params of a notice
   */
  async ask(isWanted: () => boolean, tell: (params: string) => void): Promise<void> {
    const missed = new Set(this.followed);
    this.missed = missed;
    // Another loss of the stream asks anew.
    const isMine = (): boolean => isWanted() && this.missed === missed;
    for (const taskId of missed) {
      const state = await this.stateOf(taskId, isMine);
      if (!isMine()) return;
      if (state === null || !missed.has(taskId)) continue;
      if (ENDED.has(state.string('status') ?? '')) this.end(taskId);
      tell(state.without('resultType', '_meta'));
    }
  }

  private end(taskId: string): void {
    this.followed.delete(taskId);
    this.ended.add(taskId);
  }

  /** @returns its state; `null` when nothing is to be had */
  private async stateOf(taskId: string, isWanted: () => boolean): Promise<Members | null> {
    const inside = `"taskId":${JSON.stringify(taskId)},"_meta":{${this.claim.meta}}`;
    const body = requestText('"mcpgateway-wrapper-task"', 'tasks/get', inside);
    const headers = standardHeaders(parseUpstreamMessage(body), this.claim.revision);
    for (const pauseMs of [...PAUSES_MS, 0]) {
      const send = (hooks: ExchangeHooks): Sent => this.remote.post(body, hooks, headers);
      const { answer, outcome } = await ownRequest(send);
      // A gateway that starts or drains says so, and will know later.
      if (answer !== null && outcome.status < 500) return resultMembers(answer);
      if (pauseMs === 0 || !isWanted()) break;
      await pause(pauseMs);
    }
    return null;
  }
}
