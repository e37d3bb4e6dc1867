import { parseUpstreamMessage, requestText, resultMembers } from '../../kernel/jsonrpc.js';
import { type Claim, standardHeaders } from './claim.js';
import { ownRequest } from './own-request.js';
import type { Remote } from './remote.js';

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/**
 * The tasks of one subscription. What was told of them while its stream was lost has to be asked for: a
 * notice carries the whole state of a task, so that nothing else can stand in for one.
 */
export class MissedTasks {
  private readonly followed = new Set<string>();
  /** Those that are to be asked for; whoever is told of meanwhile needs it no more. */
  private missed = new Set<string>();

  constructor(
    private readonly remote: Pick<Remote, 'post'>,
    private readonly claim: Claim,
  ) {}

  granted(taskIds: readonly string[]): void {
    for (const taskId of taskIds) this.followed.add(taskId);
  }

  /** A notice of a task has come. */
  told(taskId: string, status: string | undefined): void {
    this.missed.delete(taskId);
    if (ENDED.has(status ?? '')) this.followed.delete(taskId);
  }

  /**
   * Asks for all, one after the other.
   * @param tell takes the inside of the params of a notice
   */
  async ask(isWanted: () => boolean, tell: (params: string) => void): Promise<void> {
    const missed = new Set(this.followed);
    this.missed = missed;
    for (const taskId of missed) {
      const params = await this.stateOf(taskId);
      // Another loss of the stream asks anew.
      if (!isWanted() || this.missed !== missed) return;
      if (params !== null && missed.has(taskId)) tell(params);
    }
  }

  /** @returns the inside of the params of its notice; `null` when nothing is to be had */
  private async stateOf(taskId: string): Promise<string | null> {
    const inside = `"taskId":${JSON.stringify(taskId)},"_meta":{${this.claim.meta}}`;
    const body = requestText('"mcpgateway-wrapper-task"', 'tasks/get', inside);
    const headers = standardHeaders(parseUpstreamMessage(body), this.claim.revision);
    const { answer } = await ownRequest((hooks) => this.remote.post(body, hooks, headers));
    const state = answer === null ? null : resultMembers(answer);
    if (state === null) return null;
    if (ENDED.has(state.string('status') ?? '')) this.followed.delete(taskId);
    return state.without('resultType', '_meta');
  }
}
