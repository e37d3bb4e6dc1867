import { GatewayError } from '../../kernel/errors.js';
import type { Message } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { SessionLostError } from './connection.js';
import { LegClock } from './leg-clock.js';
import { type LegLine, LegMessages } from './leg-messages.js';
import { readAnswer } from './read-answer.js';
import type { OpenRequest } from './unasked.js';
import { brokeOff, timedOut } from './upstream-fault.js';

/** What a leg needs of the pipe it runs through. */
export interface PipeLine extends LegLine {
  readonly era: Era;
  /** Tells the upstream that we no longer wait for an id. */
  cancel(id: number, reason: string): void;
  /** The leg is over: its id means nothing any more. */
  over(leg: PipeLeg): void;
}

interface Settle {
  resolve(result: string): void;
  reject(error: Error): void;
}

/** One request in flight on a pipe that it shares with others. */
export class PipeLeg implements OpenRequest {
  readonly clock: LegClock;
  private readonly messages: LegMessages;
  private begun = false;
  private done = false;
  private asked = false;

  constructor(
    readonly id: number,
    readonly request: UpstreamRequest,
    private readonly line: PipeLine,
    private readonly settle: Settle,
  ) {
    this.clock = new LegClock(request.silenceMs, request.totalMs, {
      ranOut: (ms) => {
        this.giveUp(timedOut(request.method, ms), 'timed out, the gateway no longer waits');
      },
    });
    this.messages = new LegMessages(id, request, line, this.clock);
    request.abort.onAbort((reason) => {
      this.giveUp(new GatewayError('cancelled'), reason);
    });
  }

  /** Whether its bytes are on their way, so that the upstream may speak of it. */
  get isInFlight(): boolean {
    return this.begun && !this.done;
  }

  /** Whether a question of the upstream was put to this leg. */
  get hasAsked(): boolean {
    return this.asked;
  }

  /** Called when its bytes are about to go. @returns false when nobody wants the answer any more */
  begin(): boolean {
    if (this.done) return false;
    this.begun = true;
    return true;
  }

  /** A notification or request of the upstream that belongs to this leg. */
  take(message: Message): void {
    if (message.kind === 'request') this.asked = true;
    this.messages.take(message);
  }

  answer(message: Message): void {
    const answer = readAnswer(message, this.line.era);
    if (typeof answer !== 'string') this.fail(answer);
    else if (this.finish()) this.settle.resolve(answer);
  }

  /** The pipe is gone, or refused to take this request. */
  lost(reason: string, cause?: unknown): void {
    if (cause instanceof GatewayError || cause instanceof SessionLostError) this.fail(cause);
    else if (this.begun)
      this.fail(brokeOff(`Lost the upstream (${reason}), the outcome is unknown`, cause));
    else this.fail(new GatewayError('upstream_unreachable', { reason }, { cause }));
  }

  fail(error: Error): void {
    if (this.finish()) this.settle.reject(error);
  }

  /** Fails it and tells the upstream; `initialize` must not be cancelled (25 Cancellation). */
  giveUp(error: Error, reason: string): void {
    if (this.done) return;
    if (this.begun && this.request.method !== 'initialize') this.line.cancel(this.id, reason);
    this.fail(error);
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.clock.stop();
    this.messages.end();
    this.request.observer?.end();
    this.line.over(this);
    return true;
  }
}
