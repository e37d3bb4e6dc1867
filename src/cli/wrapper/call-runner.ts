import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '../../kernel/jsonrpc.js';
import { backOff, isStarting, isUnsent, TRIES } from './back-off.js';
import type { ExchangeHooks, Outcome } from './exchange.js';
import { fault, faultOf, isSessionLost } from './fault.js';
import type { OpenCall } from './open-call.js';
import { over } from './over.js';
import type { Parts } from './parts.js';
import type { Session } from './session.js';

const MAX_RESUMES = 20;
const RESUME_WAIT_MS = 1000;
/** How servers that speak HTTP+SSE only answer the POST of an `initialize`. */
const OLDER: ReadonlySet<number> = new Set([400, 404, 405]);

const LOST = fault(
  'session_not_found',
  'The gateway no longer knows the session. The request was not run; a new session is being opened, send it again',
);

/** Runs requests of the legacy era: one POST each, never repeated once a byte of it has left. */
export class CallRunner {
  constructor(
    private readonly parts: Parts,
    private readonly session: Session,
  ) {}

  async run(call: OpenCall): Promise<void> {
    const isInitialize = call.method === 'initialize';
    if (isInitialize) await this.session.begin();
    for (let attempt = 1; !call.isDone(); attempt++) {
      const refusal = isInitialize ? null : await this.session.ready();
      if (call.isDone()) return;
      if (refusal !== null) {
        this.parts.contact.fail(call, refusal);
        return;
      }
      if (await this.attempt(call, attempt)) return;
    }
  }

  /** @returns whether it was the last one */
  private async attempt(call: OpenCall, attempt: number): Promise<boolean> {
    const { generation } = this.session;
    const outcome = await this.send(call);
    if (call.isDone()) {
      if (outcome === null || outcome.error === null) this.parts.contact.make();
      return true;
    }
    if (outcome === null) return true;
    if (await this.mayGoOn(call, outcome, attempt)) return false;
    const isInitialize = call.method === 'initialize';
    if (!isInitialize && this.parts.remote.sessionId !== null && isSessionLost(outcome)) {
      call.fail(LOST);
      this.session.lost(generation);
    } else this.parts.contact.fail(call, faultOf(outcome, this.parts.remote.url));
    return true;
  }

  /** Whether another try may do better, once it has been waited for. */
  private async mayGoOn(call: OpenCall, outcome: Outcome, attempt: number): Promise<boolean> {
    const isInitialize = call.method === 'initialize';
    // An older server knows nothing of a POST here, or not of this one.
    if (isInitialize && OLDER.has(outcome.status)) return this.parts.remote.fallBack();
    const mayAgain = isUnsent(outcome) || (isInitialize && isStarting(outcome));
    if (!mayAgain || attempt >= TRIES) return false;
    await backOff(attempt, !this.parts.contact.isMade, call.ended);
    return true;
  }

  /** @returns null when the call ended before the answer did */
  private async send(call: OpenCall): Promise<Outcome | null> {
    const onAnswer = (answer: Message): void => {
      if (call.method === 'initialize')
        this.session.opened(call.message, answer, exchange.sessionId);
    };
    const hooks: ExchangeHooks = {
      reader: this.parts.out,
      onText: (text) => {
        this.parts.inbound.take(text, call, onAnswer);
      },
    };
    const exchange = this.parts.remote.post(call.text, hooks);
    call.isSent = () => exchange.isSent;
    const outcome = await over(exchange, call);
    return outcome === null ? null : this.resumed(outcome, call, hooks);
  }

  /** A stream that broke off before the answer is gone on with, where its events have ids. */
  private async resumed(
    first: Outcome,
    call: OpenCall,
    hooks: ExchangeHooks,
  ): Promise<Outcome | null> {
    let outcome = first;
    let { lastEventId } = first;
    for (let resumes = 0; lastEventId !== null && resumes < MAX_RESUMES; resumes++) {
      if (call.isDone()) return null;
      await pause(outcome.retryMs ?? RESUME_WAIT_MS, undefined, { signal: call.ended }).catch(
        () => undefined,
      );
      if (call.isDone()) return null;
      const next = await over(this.parts.remote.listen(lastEventId, hooks), call);
      if (next === null) return null;
      lastEventId = next.lastEventId ?? lastEventId;
      // The request itself was sent, whatever became of the resumption.
      outcome = { ...next, wasSent: true };
      if (next.status >= 300) break;
    }
    return outcome;
  }
}
