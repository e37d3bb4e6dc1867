import { backOff, isUnsent, TRIES } from './back-off.js';
import { describe, isSessionLost } from './fault.js';
import type { Remote } from './remote.js';
import type { Session } from './session.js';
import type { WrapperLog } from './wrapper-log.js';

/** Posts what the client says without asking: notifications, and answers to the gateway's questions. */
export class Asides {
  constructor(
    private readonly remote: Remote,
    private readonly session: Session,
    private readonly log: WrapperLog,
  ) {}

  /** Waits for the session first. Failures are only logged: there is nobody to answer. */
  async post(text: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if ((await this.session.ready()) !== null) return;
      if (await this.attempt(text, attempt)) return;
    }
  }

  /** For what the session itself waits for. */
  async postNow(text: string): Promise<void> {
    for (let attempt = 1; !(await this.attempt(text, attempt)); attempt++);
  }

  private async attempt(text: string, attempt: number): Promise<boolean> {
    const { generation } = this.session;
    const hadSession = this.remote.sessionId !== null;
    const outcome = await this.remote.postAside(text);
    if (isUnsent(outcome) && attempt < TRIES) {
      await backOff(attempt, false);
      return false;
    }
    if (hadSession && isSessionLost(outcome)) this.session.lost(generation);
    else if (outcome.error !== null || outcome.status >= 300)
      this.log.warning({
        event: 'message.not_posted',
        reason: outcome.error === null ? String(outcome.status) : describe(outcome.error),
      });
    return true;
  }
}
