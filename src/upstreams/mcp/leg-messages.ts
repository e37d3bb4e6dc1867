import { TASK_STATUS } from '../../kernel/core-tasks.js';
import { type Message, resultText } from '../../kernel/jsonrpc.js';
import { isChangeNotice } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { LegClock } from './leg-clock.js';
import { OpenQuestions, type Responder } from './open-questions.js';
import { paramsOf, replyText } from './request-text.js';

/** Its answer ends it; until then it speaks for no other request (26 Subscriptions). */
export const LISTEN = 'subscriptions/listen';

/** What a leg needs of the line it runs on to answer the upstream's own requests. */
export interface LegLine extends Responder {
  /** A request other than `ping` that nobody behind this leg can answer; inside of the reply. */
  onRequest(method: string, params: string): string;
  onAsks(): void;
  dropped(reason: string): void;
  /** Progress of a request that has its answer already. @returns whether it is */
  goesOn?(message: Message): boolean;
  /** A notice that belongs to no request, though it came on the stream of one. */
  onNotification?(method: string, params: string): void;
}

/** A method that can be passed on; anything else is an upstream that tries to write more than a method. */
const METHOD_NAME = /^notifications\/[\w./-]{1,100}$/;

/** Deals with what an upstream says within one request before it answers it. */
export class LegMessages {
  /** Made with the first question; most calls have none. */
  private questions: OpenQuestions | null = null;
  private progress = -Infinity;

  constructor(
    private readonly id: number,
    private readonly request: UpstreamRequest,
    private readonly line: LegLine,
    private readonly clock: LegClock,
  ) {}

  /** A notification or request of the upstream. */
  take(message: Message): void {
    if (message.kind === 'request') {
      this.clock.touch();
      this.asks(message);
    } else this.notified(message);
  }

  /** The leg is over: what is still open below is withdrawn. */
  end(): void {
    this.questions?.end();
  }

  private notified(message: Message): void {
    const { method } = message;
    if (method === 'notifications/cancelled')
      this.questions?.withdraw(message.params?.raw('requestId') ?? '');
    else if (method === 'notifications/progress') this.progressed(message);
    else if (method === TASK_STATUS) {
      this.clock.touch();
      this.line.onNotification?.(method, paramsOf(message));
    } else if (isChangeNotice(method) && this.request.method !== LISTEN) this.changed(message);
    else if (METHOD_NAME.test(method)) {
      this.clock.touch();
      this.request.observer?.notification(method, paramsOf(message));
    } else this.line.dropped('notification_method');
  }

  /** No news of this request, and no modern upstream may tell it here (26 Subscriptions). */
  private changed(message: Message): void {
    if (this.line.onNotification === undefined) this.line.dropped('change_notice');
    else this.line.onNotification(message.method, paramsOf(message));
  }

  /** Only progress that is this call's, and grows (MCP 2025-11-25 §Progress), breaks its silence. */
  private progressed(message: Message): void {
    const { params } = message;
    if (!this.request.wantsProgress || params?.raw('progressToken') !== String(this.id)) {
      if (this.line.goesOn?.(message) !== true) this.line.dropped('progress_token');
      return;
    }
    const value = Number(params.raw('progress'));
    if (!(value > this.progress)) {
      this.line.dropped('progress_not_increasing');
      return;
    }
    this.progress = value;
    this.clock.touch();
    this.request.observer?.progress(paramsOf(message, 'progressToken'));
  }

  private asks(message: Message): void {
    const id = message.id as string;
    if (message.method === 'ping') {
      this.line.respondAtOnce(resultText(id, '{}'));
      return;
    }
    this.line.onAsks();
    const { observer } = this.request;
    if (observer === null) {
      const reply = this.line.onRequest(message.method, paramsOf(message));
      this.line.respondAtOnce(replyText(id, reply));
      return;
    }
    this.questions ??= new OpenQuestions(this.line, () => {
      this.clock.go();
    });
    this.clock.stand();
    if (!this.questions.ask(message, observer)) this.clock.go();
  }
}
