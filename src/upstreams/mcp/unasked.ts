import type { Message } from '../../kernel/jsonrpc.js';
import type { OpenOptions } from './connection.js';
import { OpenQuestions } from './open-questions.js';
import { paramsOf, replyText } from './request-text.js';

export type UnaskedHooks = Pick<OpenOptions, 'owner' | 'onNotification' | 'onRequest' | 'onAsks'>;

/**
 * What a legacy upstream says outside any call. It is for the client session that owns the line; where
 * several share it, a question is refused at once, never guessed away (PROTOCOL.md §3.2).
 */
export class Unasked {
  private readonly questions: OpenQuestions;

  /** @param respond sends a response of ours, whole */
  constructor(
    private readonly hooks: UnaskedHooks,
    private readonly respond: (text: string) => void,
  ) {
    this.questions = new OpenQuestions(respond);
  }

  /** Any request but `ping`. */
  asked(message: Message): void {
    this.hooks.onAsks();
    const owner = this.hooks.owner ?? null;
    if (owner !== null) {
      this.questions.ask(message, owner);
      return;
    }
    const reply = this.hooks.onRequest(message.method, paramsOf(message));
    this.respond(replyText(message.id as string, reply));
  }

  notified(message: Message): void {
    const params = paramsOf(message);
    this.hooks.owner?.notification(message.method, params);
    this.hooks.onNotification(message.method, params);
  }

  /** @returns whether it is a cancellation, and of a question that was asked here */
  withdraws(message: Message): boolean {
    if (message.method !== 'notifications/cancelled') return false;
    return this.questions.withdraw(message.params?.raw('requestId') ?? '');
  }

  /** The line is gone. */
  end(): void {
    this.questions.end();
  }
}
