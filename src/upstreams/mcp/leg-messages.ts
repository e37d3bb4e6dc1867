import { MAX_QUESTIONS } from '../../kernel/mcp.js';
import { type Message, errorText, resultText } from '../../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { LegClock } from './leg-clock.js';

/** What a leg needs of the line it runs on to answer the upstream's own requests. */
export interface LegLine {
  /** Sends a response of ours, whole. */
  respond(text: string): void;
  /** A request other than `ping` that nobody behind this leg can answer; inside of the reply. */
  onRequest(method: string, params: string): string;
  onAsks(): void;
  dropped(reason: string): void;
}

/** A method that can be passed on; anything else is an upstream that tries to write more than a method. */
const METHOD_NAME = /^notifications\/[\w./-]{1,100}$/;

/** The inside of a message's params without the members named. */
export function paramsOf(message: Message, ...without: string[]): string {
  return message.params?.without(...without) ?? '';
}

/** Longest wait for a client's answer to a question of the upstream (PROTOCOL.md §4.6). */
const ASK_LIMIT_MS = 600_000;
const NO_ANSWER = '"error":{"code":-32603,"message":"The client did not answer in time"}';

/** Deals with what an upstream says within one request before it answers it. */
export class LegMessages {
  /** Open questions by the upstream's id: how to withdraw each. */
  private readonly asked = new Map<string, () => void>();
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
    for (const withdraw of this.asked.values()) withdraw();
    this.asked.clear();
  }

  private notified(message: Message): void {
    const { method } = message;
    if (method === 'notifications/cancelled') this.withdraw(message.params?.raw('requestId') ?? '');
    else if (method === 'notifications/progress') this.progressed(message);
    else if (METHOD_NAME.test(method)) {
      this.clock.touch();
      this.request.observer?.notification(method, paramsOf(message));
    } else this.line.dropped('notification_method');
  }

  /** Only progress that is this call's, and grows (MCP 2025-11-25 §Progress), breaks its silence. */
  private progressed(message: Message): void {
    const { params } = message;
    if (!this.request.wantsProgress || params?.raw('progressToken') !== String(this.id)) {
      this.line.dropped('progress_token');
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

  private withdraw(id: string): void {
    const withdraw = this.asked.get(id);
    if (withdraw === undefined) return;
    this.asked.delete(id);
    withdraw();
    this.resume();
  }

  private asks(message: Message): void {
    const id = message.id as string;
    if (message.method === 'ping') {
      this.line.respond(resultText(id, '{}'));
      return;
    }
    this.line.onAsks();
    if (this.asked.has(id)) {
      this.line.respond(errorText(id, '{"code":-32600,"message":"Request id is in use"}'));
      return;
    }
    if (this.asked.size >= MAX_QUESTIONS) {
      this.line.respond(errorText(id, '{"code":-32000,"message":"Too many open questions"}'));
      return;
    }
    const { observer } = this.request;
    if (observer === null) {
      this.line.respond(envelope(id, this.line.onRequest(message.method, paramsOf(message))));
      return;
    }
    this.ask(id, message, observer);
  }

  private ask(
    id: string,
    message: Message,
    observer: NonNullable<UpstreamRequest['observer']>,
  ): void {
    let open = true;
    let withdraw = (): void => undefined;
    const reply = (inside: string): void => {
      if (!open) return;
      open = false;
      clearTimeout(limit);
      this.asked.delete(id);
      this.resume();
      this.line.respond(envelope(id, inside));
    };
    const limit = setTimeout(() => {
      withdraw();
      reply(NO_ANSWER);
    }, ASK_LIMIT_MS);
    this.clock.stand();
    withdraw = observer.ask(message.method, paramsOf(message), reply);
    // The answer may have come already: a refusal needs no round trip.
    if (!(open as boolean)) return;
    this.asked.set(id, () => {
      open = false;
      clearTimeout(limit);
      withdraw();
    });
  }

  private resume(): void {
    if (this.asked.size === 0) this.clock.go();
  }
}

function envelope(id: string, inside: string): string {
  return `{"jsonrpc":"2.0","id":${id},${inside}}`;
}
