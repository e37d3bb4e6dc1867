import { RPC_CODE } from '../../kernel/mcp.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { backOff, isStarting, isUnsent, TRIES } from './back-off.js';
import { type Claim, standardHeaders } from './claim.js';
import type { ExchangeHooks, Outcome } from './exchange.js';
import { type Fault, faultOf, rpcErrorIn } from './fault.js';
import type { OpenCall } from './open-call.js';
import { over } from './over.js';
import type { Parts } from './parts.js';
import { ToolMarks } from './tool-marks.js';

const PROBE = 'server/discover';

/** Runs requests of the modern era: one POST each, whose headers repeat the body. */
export class ModernCalls {
  readonly marks: ToolMarks;

  constructor(private readonly parts: Parts) {
    this.marks = new ToolMarks(parts.remote);
  }

  async run(call: OpenCall, claim: Claim): Promise<void> {
    let mayReread = call.method === 'tools/call';
    for (let attempt = 1; !call.isDone(); attempt++) {
      const outcome = await this.send(call, claim);
      if (outcome === null || call.isDone()) return;
      if (mayGoAgain(outcome, call) && attempt < TRIES) {
        await backOff(attempt, !this.parts.contact.isMade, call.ended);
      } else if (mayReread && isMismatch(outcome)) {
        // Refused before it ran: the tool has other marks than it had when they were read.
        this.marks.forget();
        mayReread = false;
      } else this.parts.contact.fail(call, this.faultOf(outcome, call));
    }
  }

  /** @returns null when the call ended before the answer did */
  async send(call: OpenCall, claim: Claim, onText?: (text: string) => void) {
    const { remote, inbound, out, contact } = this.parts;
    const params = call.method === 'tools/call' ? await this.marks.headersOf(call, claim) : [];
    if (call.isDone()) return null;
    const onAnswer = (answer: Message): void => {
      this.learnFrom(call, answer);
    };
    const hooks: ExchangeHooks = {
      reader: out,
      onText:
        onText ??
        ((text): void => {
          inbound.take(text, call, onAnswer);
        }),
    };
    const headers = [...standardHeaders(call.message, claim.revision), ...params];
    const exchange = remote.post(call.text, hooks, headers);
    call.isSent = () => exchange.isSent;
    call.hangUp = () => {
      exchange.abort();
    };
    const outcome = await over(exchange, call);
    if (outcome === null ? exchange.isSent : outcome.error === null) contact.make();
    return outcome;
  }

  private learnFrom(call: OpenCall, answer: Message): void {
    const result = call.method === 'tools/list' ? answer.top.raw('result') : undefined;
    if (result?.startsWith('{') === true) this.marks.learn(result);
  }

  /** A probe that is answered at all tells the client to go on with `initialize`. */
  private faultOf(outcome: Outcome, call: OpenCall): Fault {
    const why = faultOf(outcome, this.parts.remote.url);
    const isAnswered = outcome.status >= 400 && outcome.status < 500;
    const isRefused = outcome.status === 401 || outcome.status === 403;
    return call.method === PROBE && isAnswered && !isRefused ? { ...why, exitCode: null } : why;
  }
}

function mayGoAgain(outcome: Outcome, call: OpenCall): boolean {
  return isUnsent(outcome) || (call.method === PROBE && isStarting(outcome));
}

function isMismatch(outcome: Outcome): boolean {
  return outcome.status === 400 && rpcErrorIn(outcome.body)?.code === RPC_CODE.headerMismatch;
}
