import { ownerOf } from '../../kernel/caller.js';
import { errorText, type Message } from '../../kernel/jsonrpc.js';
import { takeOut } from '../../kernel/take-out.js';
import type { UpstreamObserver, UpstreamRequest } from '../../kernel/upstream.js';
import type { OpenOptions, SessionOwner } from './connection.js';
import type { GivenUp } from './given-up.js';
import type { LegClock } from './leg-clock.js';
import { OpenQuestions, type Responder } from './open-questions.js';
import { paramsOf, replyText } from './request-text.js';

const TAKEN_BACK = '{"code":-32000,"message":"The calls that it may be of are over"}';

export type UnaskedHooks = Pick<
  OpenOptions,
  'owner' | 'sharers' | 'onNotification' | 'onRequest' | 'onAsks'
>;

/** What it needs of the line it is said on. */
export interface UnaskedLine extends Responder {
  dropped(reason: string): void;
}

/** A request in flight, which may be what the upstream speaks of. */
export interface OpenRequest {
  readonly request: UpstreamRequest;
  /** Stands still while its client is asked. */
  readonly clock: Pick<LegClock, 'stand' | 'go'>;
}

/** A question that may be of any of some requests. */
interface Group {
  readonly id: string;
  readonly open: OpenRequest[];
}

/**
 * What a legacy upstream says that names no request. It is for the client session that owns the line;
 * where several share it, for the one whose requests are all that are open; of nobody else a question is
 * asked, never guessed away (PROTOCOL.md §3.2).
 */
export class Unasked {
  private readonly questions: OpenQuestions;
  private readonly groups: Group[] = [];

  constructor(
    private readonly hooks: UnaskedHooks,
    private readonly line: UnaskedLine,
    private readonly givenUp: GivenUp,
  ) {
    this.questions = new OpenQuestions(line);
  }

  /** Something was asked and is not answered. */
  get isAsking(): boolean {
    return !this.questions.isEmpty;
  }

  /** Any request but `ping`. @param open what is in flight */
  asked(message: Message, open: readonly OpenRequest[]): void {
    this.hooks.onAsks();
    const owner = this.hooks.owner ?? this.onlySharer(open);
    if (owner !== null) {
      this.questions.ask(message, this.waiting(owner, message.id as string, open));
      return;
    }
    const reply = this.hooks.onRequest(message.method, paramsOf(message));
    this.line.respondAtOnce(replyText(message.id as string, reply));
  }

  /** @param open what is in flight */
  notified(message: Message, open: readonly OpenRequest[]): void {
    const { method } = message;
    const params = paramsOf(message);
    for (const hearer of this.hearers(method, open)) hearer.notification(method, params);
    this.hooks.onNotification(method, params);
  }

  /** @returns whether it is a cancellation, and of a question that was asked here */
  withdraws(message: Message): boolean {
    if (message.method !== 'notifications/cancelled') return false;
    return this.questions.withdraw(message.params?.raw('requestId') ?? '');
  }

  /** Hot: a request is over. What can only have been of it is asked no longer. */
  over(request: OpenRequest): void {
    if (this.groups.length === 0 || (this.hooks.owner ?? null) !== null) return;
    for (const { id, open } of [...this.groups])
      if (takeOut(open, request) && open.length === 0 && this.questions.withdraw(id))
        this.line.respondAtOnce(errorText(id, TAKEN_BACK));
  }

  /** The line is gone. */
  end(): void {
    this.questions.end();
  }

  /** The one session that all the requests are of, where several share the line. */
  private onlySharer(open: readonly OpenRequest[]): SessionOwner | null {
    const [first, ...others] = open;
    const sessionId = first?.request.client.sessionId ?? null;
    if (first === undefined || sessionId === null || this.givenUp.blurs(first.request)) return null;
    if (others.some(({ request }) => request.client.sessionId !== sessionId)) return null;
    return this.hooks.sharers?.one(sessionId) ?? null;
  }

  private hearers(method: string, open: readonly OpenRequest[]): readonly SessionOwner[] {
    const { owner, sharers } = this.hooks;
    if (owner !== null && owner !== undefined) return [owner];
    if (sharers === null || sharers === undefined) return [];
    const only = this.onlySharer(open);
    if (only !== null) return [only];
    if (method !== 'notifications/message') return [];
    const heard = open.length > 0 ? this.sharersOf(open) : this.givenUp.isClear && sharers.all();
    if (heard !== null && heard !== false) return heard;
    this.line.dropped('log_without_owner');
    return [];
  }

  /**
   * The sessions of one person that have requests in flight; `null` where they are of several: what an
   * upstream writes down of one is not for the others.
   */
  private sharersOf(open: readonly OpenRequest[]): readonly SessionOwner[] | null {
    const [first] = open;
    if (first === undefined || this.givenUp.blurs(first.request)) return null;
    const person = ownerOf(first.request.caller);
    if (open.some(({ request }) => ownerOf(request.caller) !== person)) return null;
    const ids = new Set(open.map(({ request }) => request.client.sessionId));
    return [...ids]
      .map((id) => (id === null ? null : (this.hooks.sharers?.one(id) ?? null)))
      .filter((one) => one !== null);
  }

  /** Asks the owner; the requests that it may be of wait meanwhile. */
  private waiting(
    owner: SessionOwner,
    id: string,
    open: readonly OpenRequest[],
  ): Pick<UpstreamObserver, 'ask'> {
    return {
      ask: (method, params, answer, progressed) => {
        const group: Group = { id, open: [...open] };
        this.groups.push(group);
        // Those that came later never stood for it.
        const stood = [...open];
        for (const one of stood) one.clock.stand();
        const close = (): void => {
          if (takeOut(this.groups, group)) for (const one of stood) one.clock.go();
        };
        const answered = (reply: string): void => {
          close();
          answer(reply);
        };
        const withdraw = owner.ask(method, params, answered, progressed);
        return () => {
          close();
          withdraw();
        };
      },
    };
  }
}

const OF_CALLS: ReadonlySet<string> = new Set([
  'notifications/message',
  'notifications/progress',
  'notifications/cancelled',
]);

/** Whether an upstream says it because of a call, though not on its stream. */
export function isOfCall({ kind, method }: Message): boolean {
  if (kind === 'request') return method !== 'ping';
  return kind === 'notification' && OF_CALLS.has(method);
}
