import { RELAYED, scanElements } from '../../kernel/json-scan.js';
import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { LineOut } from './line-out.js';
import { idKey, type OpenCall } from './open-call.js';
import type { OpenCalls } from './open-calls.js';
import type { WrapperLog } from './wrapper-log.js';

/** What the gateway says, on its way to stdout. */
export class Inbound {
  /** Open questions to the client by id: the call whose stream they came on. */
  private readonly questions = new Map<string, OpenCall | null>();

  constructor(
    private readonly calls: OpenCalls,
    private readonly out: LineOut,
    private readonly log: WrapperLog,
  ) {}

  /**
   * @param call the request whose answer the text is part of; `null` for the stream of the session
   * @param onAnswer takes the answer to `call` instead of passing it on
   */
  take(text: string, call: OpenCall | null, onAnswer?: (message: Message) => void): void {
    for (const one of parts(text)) {
      const message = this.parsed(one);
      if (message === null) continue;
      call?.touch();
      if (message.kind === 'response') this.answer(one, message, { call, onAnswer });
      else if (message.kind === 'request') this.ask(one, message, call);
      else this.notify(one, message);
    }
  }

  /** The client has answered. @returns false when nobody has asked */
  closeQuestion(rawId: string): boolean {
    const key = idKey(rawId);
    const call = this.questions.get(key);
    if (call === undefined) return false;
    this.questions.delete(key);
    call?.questionClosed();
    return true;
  }

  /** The session is gone: nobody waits for answers to its questions. */
  forgetQuestions(): void {
    for (const call of this.questions.values()) call?.questionClosed();
    this.questions.clear();
  }

  private answer(
    text: string,
    message: Message,
    of: { call: OpenCall | null; onAnswer: ((message: Message) => void) | undefined },
  ): void {
    const key = idKey(message.id as string);
    const call = of.call ?? this.calls.byId(key)[0];
    if (call?.key !== key || call.isDone()) {
      this.log.debug({ event: 'answer.dropped' });
      return;
    }
    of.onAnswer?.(message);
    call.answer(text);
  }

  private ask(text: string, message: Message, call: OpenCall | null): void {
    if (call !== null && call.claim !== null) {
      // Answers of the modern era ask within their result (26 Overview): nobody could answer this.
      this.log.warning({ event: 'request.dropped', method: message.method });
      return;
    }
    if (message.method !== 'ping') call?.asked();
    this.questions.set(idKey(message.id as string), message.method === 'ping' ? null : call);
    this.out.write(text);
  }

  private notify(text: string, message: Message): void {
    if (message.method === 'notifications/progress') {
      const token = message.params?.raw('progressToken');
      if (token !== undefined) this.calls.byProgressToken(idKey(token))?.touch();
    } else if (message.method === 'notifications/cancelled') {
      const id = message.params?.raw('requestId');
      if (id !== undefined) this.closeQuestion(id);
    }
    this.out.write(text);
  }

  private parsed(text: string): Message | null {
    try {
      return parseUpstreamMessage(text);
    } catch {
      this.log.warning({ event: 'message.unreadable', bytes: text.length });
      return null;
    }
  }
}

/** Old servers may answer with a batch; each of its messages is a line of its own. */
function parts(text: string): readonly string[] {
  if (!/^\s*\[/.test(text)) return [text];
  try {
    return scanElements(text, RELAYED);
  } catch {
    return [text];
  }
}
