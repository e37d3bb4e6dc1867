import { errorText, type Message, notificationText } from '../../kernel/jsonrpc.js';
import { MAX_QUESTIONS } from '../../kernel/mcp.js';
import { progressTokenOf } from '../../kernel/progress-token.js';
import type { UpstreamObserver } from '../../kernel/upstream.js';
import { joined, paramsOf, replyText } from './request-text.js';

/** Longest wait for a client's answer, or its progress, to a question of the upstream (PROTOCOL.md §4.6). */
const ASK_LIMIT_MS = 600_000;
const NO_ANSWER = '"error":{"code":-32603,"message":"The client did not answer in time"}';

/** Sends responses of ours, whole. */
export interface Responder {
  /** Of somebody who was asked. */
  respond(text: string): void;
  /** A pong or a refusal, for which nobody was, or progress: of a flood of these most may be lost. */
  respondAtOnce(text: string): void;
}

/** Questions of an upstream that a client has not answered yet, by the upstream's id. */
export class OpenQuestions {
  /** How to withdraw each. */
  private readonly asked = new Map<string, () => void>();

  /** @param onAnswered called after each that is no longer open */
  constructor(
    private readonly line: Responder,
    private readonly onAnswered: () => void = () => undefined,
  ) {}

  get isEmpty(): boolean {
    return this.asked.size === 0;
  }

  /**
   * Asks, unless the upstream goes too far.
   * @returns whether it was asked, answered meanwhile or not
   */
  ask(message: Message, client: Pick<UpstreamObserver, 'ask'>): boolean {
    const id = message.id as string;
    const refusal = this.refusalOf(id);
    if (refusal !== null) {
      this.line.respondAtOnce(errorText(id, refusal));
      return false;
    }
    let open = true;
    let isAsked = false;
    let withdraw = (): void => undefined;
    const reply = (inside: string): void => {
      if (!open) return;
      open = false;
      clearTimeout(limit);
      this.asked.delete(id);
      this.onAnswered();
      if (isAsked) this.line.respond(replyText(id, inside));
      else this.line.respondAtOnce(replyText(id, inside));
    };
    const limit = setTimeout(() => {
      withdraw();
      reply(NO_ANSWER);
    }, ASK_LIMIT_MS);
    const token = progressTokenOf(message.params);
    const progressed = (said: string): void => {
      if (!open) return;
      limit.refresh();
      this.line.respondAtOnce(progressText(token as string, said));
    };
    const { method } = message;
    withdraw = client.ask(
      method,
      paramsOf(message),
      reply,
      token === undefined ? token : progressed,
    );
    isAsked = true;
    // The answer may have come already: a refusal needs no round trip.
    if (!(open as boolean)) return true;
    this.asked.set(id, () => {
      open = false;
      clearTimeout(limit);
      withdraw();
    });
    return true;
  }

  /** The upstream takes one back. @param id as it wrote it @returns false when that is not open */
  withdraw(id: string): boolean {
    const withdraw = this.asked.get(id);
    if (withdraw === undefined) return false;
    this.asked.delete(id);
    withdraw();
    this.onAnswered();
    return true;
  }

  /** Nobody waits any more: what is open below is withdrawn. */
  end(): void {
    for (const withdraw of this.asked.values()) withdraw();
    this.asked.clear();
  }

  private refusalOf(id: string): string | null {
    if (this.asked.has(id)) return '{"code":-32600,"message":"Request id is in use"}';
    if (this.asked.size >= MAX_QUESTIONS)
      return '{"code":-32000,"message":"Too many open questions"}';
    return null;
  }
}

/** @param token the upstream's own */
function progressText(token: string, said: string): string {
  return notificationText('notifications/progress', joined(`"progressToken":${token}`, said));
}
