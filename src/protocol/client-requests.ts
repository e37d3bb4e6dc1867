import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Channel, ClientView } from '../kernel/call.js';
import type { Members } from '../kernel/json-members.js';
import { type Message, notificationText, requestText } from '../kernel/jsonrpc.js';
import { withProgressToken } from '../kernel/progress-token.js';
import { missingCapability, readCapabilities } from '../kernel/client-capabilities.js';
import { isServerRequest } from '../kernel/mcp.js';
import { Meters } from '../platform/metrics/meters.js';
import { FloodGate } from './flood-gate.js';

/** Who is asked: the client of a call, or one that listens. */
export interface Askable {
  readonly client: Pick<ClientView, 'sessionId' | 'capabilities'>;
  readonly channel: Pick<Channel, 'canAsk' | 'send'>;
}

export interface Question {
  readonly method: string;
  /** Inside of the params object. */
  readonly params: string;
  /** Takes the inside of the reply envelope, once. */
  readonly answer: (reply: string) => void;
  /** Hears how far the client is, as UpstreamObserver.ask says; without it the client is not asked for that. */
  readonly progressed?: ((params: string) => void) | undefined;
}

interface Open {
  readonly sessionId: string;
  readonly question: Question;
  readonly timer: NodeJS.Timeout;
  /** Until when progress gains time, on the clock of `performance.now()`. */
  readonly extendableUntil: number;
  /** Where progress goes; `null` where nobody hears it. */
  readonly gate: FloodGate | null;
  progress: number;
}

/** How long a person or model may take to answer, or to tell how far it is (PROTOCOL.md §4.6). */
const ANSWER_MS = 600_000;
/** How long it may take however much it tells. */
const TOTAL_MS = 3_600_000;
const MAX_OPEN = 10_000;

const refusal = (code: number, message: string): string =>
  `"error":${JSON.stringify({ code, message })}`;

/**
 * Requests of upstreams on their way to clients. Each goes out under an id of our own, which only
 * the session it was sent to can answer (PROTOCOL.md §4.2).
 */
@Injectable()
export class ClientRequests implements OnModuleDestroy {
  private readonly open = new Map<string, Open>();
  private readonly replica = randomBytes(4).toString('hex');
  private counter = 0;

  constructor(private readonly meters: Meters) {}

  onModuleDestroy(): void {
    for (const [id, open] of [...this.open])
      this.settle(id, open, refusal(-32603, 'Shutting down'));
  }

  /**
   * Asks a client. Where no way back exists the refusal comes at once, never a hang.
   * @returns a function that withdraws the question
   */
  ask(whom: Askable, question: Question): () => void {
    const { method, params, answer, progressed } = question;
    const refused = this.refusalFor(whom, method, params);
    if (refused !== null) {
      answer(refused);
      return () => undefined;
    }
    const id = `"${this.replica}.${String(++this.counter)}.${randomBytes(8).toString('hex')}"`;
    const open: Open = {
      sessionId: whom.client.sessionId as string,
      question,
      timer: setTimeout(() => {
        this.settle(id, open, refusal(-32000, 'The client did not answer in time'));
      }, ANSWER_MS),
      extendableUntil: performance.now() + TOTAL_MS - ANSWER_MS,
      gate: this.gateTo(progressed),
      progress: -Infinity,
    };
    this.open.set(id, open);
    // The id is unique, so that it is the token too.
    const asked = withProgressToken(params, open.gate === null ? null : id);
    if (!whom.channel.send(requestText(id, method, asked)))
      this.settle(id, open, refusal(-32000, 'The client is gone'));
    return () => {
      this.withdraw(whom, id, open);
    };
  }

  /** An answer of a client. @returns false when nothing of its session is open under that id */
  answered(sessionId: string, message: Message): boolean {
    const id = message.id ?? '';
    const open = this.open.get(id);
    if (open?.sessionId !== sessionId) {
      this.meters.dropped('client_response');
      return false;
    }
    const error = message.top.raw('error');
    const inside =
      error === undefined ? `"result":${message.top.raw('result') ?? '{}'}` : `"error":${error}`;
    this.settle(id, open, inside);
    return true;
  }

  /** How far a client is with what it was asked; dropped unless it is its own, and grows. */
  progressed(sessionId: string | null, { params }: Message): void {
    if (params === null || !this.tell(sessionId, params)) this.meters.dropped('client_progress');
  }

  private tell(sessionId: string | null, params: Members): boolean {
    const open = this.open.get(params.raw('progressToken') ?? '');
    if (open?.sessionId !== sessionId || open.gate === null) return false;
    const value = Number(params.raw('progress'));
    if (!(value > open.progress)) return false;
    open.progress = value;
    if (performance.now() < open.extendableUntil) open.timer.refresh();
    open.gate.latest(params.without('progressToken'));
    return true;
  }

  private gateTo(progressed: Question['progressed']): FloodGate | null {
    if (progressed === undefined) return null;
    return new FloodGate(progressed, () => {
      this.meters.dropped('flood');
    });
  }

  private refusalFor(whom: Askable, method: string, params: string): string | null {
    if (!isServerRequest(method)) return refusal(-32601, `Method not found: ${method}`);
    const { client, channel } = whom;
    if (client.sessionId === null || !channel.canAsk)
      return refusal(-32601, 'The client cannot be asked');
    const lacks = missingCapability(readCapabilities(client.capabilities), method, params);
    if (lacks !== null) return refusal(-32601, `The client has no capability '${lacks}'`);
    if (this.open.size >= MAX_OPEN) return refusal(-32000, 'Too many open questions');
    return null;
  }

  private settle(id: string, open: Open, reply: string): void {
    if (!this.open.delete(id)) return;
    clearTimeout(open.timer);
    open.gate?.end(true);
    open.question.answer(reply);
  }

  private withdraw(whom: Askable, id: string, open: Open): void {
    if (!this.open.delete(id)) return;
    clearTimeout(open.timer);
    open.gate?.end(false);
    whom.channel.send(notificationText('notifications/cancelled', `"requestId":${id}`));
  }
}
