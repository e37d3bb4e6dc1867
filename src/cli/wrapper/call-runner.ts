import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '../../kernel/jsonrpc.js';
import { backOff, isStarting, isUnsent, TRIES } from './back-off.js';
import type { Exchange, ExchangeHooks, Outcome } from './exchange.js';
import { type Fault, fault, faultOf, isSessionLost } from './fault.js';
import type { Inbound } from './inbound.js';
import type { LineOut } from './line-out.js';
import type { OpenCall } from './open-call.js';
import type { Remote } from './remote.js';
import type { Session } from './session.js';

const MAX_RESUMES = 20;
const RESUME_WAIT_MS = 1000;
/** How long the stream of a request may stay open once the request is over. */
const LINGER_MS = 1000;

const LOST = fault(
  'session_not_found',
  'The gateway no longer knows the session. The request was not run; a new session is being opened, send it again',
);

/** Runs requests of the client: one POST each, never repeated once a byte of it has left. */
export class CallRunner {
  /** Whether the gateway has ever answered a request. */
  private isContacted = false;

  constructor(
    private readonly remote: Remote,
    private readonly session: Session,
    private readonly inbound: Inbound,
    private readonly out: LineOut,
    /** The first request of all has failed in a way that later ones will not mend. */
    private readonly onFatal: (exitCode: number) => void,
  ) {}

  async run(call: OpenCall): Promise<void> {
    const isInitialize = call.method === 'initialize';
    if (isInitialize) await this.session.begin();
    for (let attempt = 1; !call.isDone(); attempt++) {
      const refusal = isInitialize ? null : await this.session.ready();
      if (call.isDone()) return;
      if (refusal !== null) {
        this.fail(call, refusal);
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
      this.isContacted ||= outcome === null || outcome.error === null;
      return true;
    }
    if (outcome === null) return true;
    const isInitialize = call.method === 'initialize';
    const mayAgain = isUnsent(outcome) || (isInitialize && isStarting(outcome));
    if (mayAgain && attempt < TRIES) {
      await backOff(attempt, !this.isContacted, call.ended);
      return false;
    }
    if (!isInitialize && this.remote.sessionId !== null && isSessionLost(outcome)) {
      call.fail(LOST);
      this.session.lost(generation);
    } else this.fail(call, faultOf(outcome, this.remote.url));
    return true;
  }

  private fail(call: OpenCall, why: Fault): void {
    call.fail(why);
    if (why.exitCode === null) this.isContacted = true;
    else if (!this.isContacted) this.onFatal(why.exitCode);
  }

  /** @returns null when the call ended before the answer did */
  private async send(call: OpenCall): Promise<Outcome | null> {
    const onAnswer = (answer: Message): void => {
      if (call.method === 'initialize')
        this.session.opened(call.message, answer, exchange.sessionId);
    };
    const hooks: ExchangeHooks = {
      reader: this.out,
      onText: (text) => {
        this.inbound.take(text, call, onAnswer);
      },
    };
    const exchange = this.remote.post(call.text, hooks);
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
      const next = await over(this.remote.listen(lastEventId, hooks), call);
      if (next === null) return null;
      lastEventId = next.lastEventId ?? lastEventId;
      // The request itself was sent, whatever became of the resumption.
      outcome = { ...next, wasSent: true };
      if (next.status >= 300) break;
    }
    return outcome;
  }
}

/** @returns null when the call ended first; what is left of the stream is still read for a while */
async function over(exchange: Exchange, call: OpenCall): Promise<Outcome | null> {
  const ended = new Promise<null>((resolve) => {
    const tell = (): void => {
      const linger = setTimeout(() => {
        exchange.abort();
      }, LINGER_MS);
      linger.unref();
      void exchange.done.then(() => {
        clearTimeout(linger);
      });
      if (!exchange.isSent) exchange.abort();
      resolve(null);
    };
    if (call.isDone()) tell();
    else call.ended.addEventListener('abort', tell);
  });
  return Promise.race([exchange.done, ended]);
}
