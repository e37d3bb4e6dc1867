import { GatewayError } from '../../kernel/errors.js';
import {
  type Message,
  notificationText,
  parseUpstreamMessage,
  resultText,
} from '../../kernel/jsonrpc.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import { CLAIM } from '../../kernel/mcp.js';
import { takeOut } from '../../kernel/take-out.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { GivenUp } from './given-up.js';
import { LastingProgress } from './lasting-progress.js';
import { type Pipe, PipeAsides } from './pipe-asides.js';
import { LISTEN } from './leg-messages.js';
import { PipeLeg, type PipeLine } from './pipe-leg.js';
import { Unasked, type UnaskedHooks } from './unasked.js';
import { unbundled } from './unbundled.js';
import { LEGACY_WIRE, type Wire } from './wire.js';
import { answeredBadly } from './upstream-fault.js';

/** Who hears what belongs to no open request. */
export type PipeHooks = UnaskedHooks;

const OUR_ID = /^[1-9]\d{0,15}$/;

/** The requests in flight on one pipe: a child's stdio, an event stream with POSTs, a WebSocket. */
export class PipeLegs {
  private readonly legs: PipeLeg[] = [];
  private readonly line: PipeLine;
  private readonly givenUp = new GivenUp();
  private readonly aside: Unasked;
  private readonly asides: PipeAsides;
  private readonly lasting = new LastingProgress();
  private lastId = 0;
  private revision: string | null = null;
  private closedBecause: string | null = null;

  constructor(
    hooks: PipeHooks,
    private readonly pipe: Pipe,
    private readonly wire: Wire = LEGACY_WIRE,
  ) {
    this.asides = new PipeAsides(pipe);
    const respond = (text: string): void => {
      void this.asides.send(text);
    };
    const dropped = (reason: string): void => {
      pipe.dropped(reason);
    };
    // A flood of them is not cut short here: its upstream is held.
    const line = { respond, respondAtOnce: respond, dropped };
    this.aside = new Unasked(hooks, line, this.givenUp);
    this.line = {
      ...{ ...line, era: wire.era },
      onRequest: (method, params) => hooks.onRequest(method, params),
      onAsks: () => {
        hooks.onAsks();
      },
      cancel: (id, reason) => {
        const leg = this.legs.find((one) => one.id === id);
        if (leg !== undefined) this.givenUp.add(id, leg.request);
        void this.notify(
          'notifications/cancelled',
          `"requestId":${String(id)},"reason":${JSON.stringify(reason)}`,
        );
      },
      over: (leg) => {
        takeOut(this.legs, leg);
        this.aside.over(leg);
      },
    };
  }

  get isAsking(): boolean {
    return this.aside.isAsking;
  }

  /** What `initialize` agreed on. */
  agreedOn(revision: string): void {
    this.revision = revision;
  }

  /** Sends one request; see UpstreamConnection.request for what it answers and throws. */
  request(request: UpstreamRequest): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.closedBecause !== null) {
        reject(new GatewayError('upstream_unreachable', { reason: this.closedBecause }));
        return;
      }
      const id = ++this.lastId;
      const leg = new PipeLeg(id, request, this.line, { resolve, reject });
      // Before it is sent: an abort that came first must not leave it here.
      if (request.abort.aborted) return;
      this.legs.push(leg);
      this.pipe
        .send(this.wire.body(id, request), () => leg.begin())
        .catch((e: unknown) => {
          leg.lost('the connection to the upstream is closed', e);
        });
    });
  }

  /** @returns settled once it is sent, or could not be */
  notify(method: string, params: string): Promise<void> {
    return this.asides.send(notificationText(method, params));
  }

  /** One message of the upstream, as text. */
  receive(text: string): void {
    let message: Message;
    try {
      message = parseUpstreamMessage(text);
    } catch {
      const several = unbundled(text, this.revision);
      if (several === null) this.pipe.dropped('not_json_rpc');
      else for (const one of several) this.take(one);
      return;
    }
    this.take(message);
  }

  private take(message: Message): void {
    if (message.kind === 'response') this.answered(message);
    else if (message.kind === 'request') this.asked(message);
    else this.notified(message);
  }

  /** A message was too long to be kept: the answer of the only request in flight, or nobody's. */
  tooLong(maxBytes: number): void {
    this.pipe.dropped('message_too_long');
    this.onlyLeg()?.giveUp(
      answeredBadly(`Upstream sent a message of more than ${String(maxBytes)} bytes`),
      'the answer is too long',
    );
  }

  /** The pipe is gone: whatever was sent has an outcome that nobody knows. */
  close(reason: string): void {
    this.closedBecause ??= reason;
    this.asides.close();
    this.aside.end();
    for (const leg of [...this.legs]) leg.lost(reason);
  }

  private answered(message: Message): void {
    const id = message.id as string;
    const leg = this.legOf(id);
    if (leg?.isInFlight === true) {
      const afterwards = leg.request.observer?.afterwards;
      if (afterwards) this.lasting.add(leg.id, afterwards);
      leg.answer(message);
    } else {
      this.givenUp.answered(id);
      this.pipe.dropped('response_id');
    }
  }

  private asked(message: Message): void {
    const id = message.id as string;
    if (this.wire.era === 'modern') {
      // Servers send no requests in this revision: a breach, which gets no answer.
      this.pipe.dropped('modern_request');
      return;
    }
    if (message.method === 'ping') {
      void this.asides.send(resultText(id, '{}'));
      return;
    }
    const leg = this.spokenOf();
    if (leg === undefined) this.aside.asked(message, this.speakable());
    else leg.take(message);
  }

  private notified(message: Message): void {
    if (this.wire.era === 'modern' && this.toListen(message)) return;
    switch (message.method) {
      case 'notifications/progress':
        this.progressed(message);
        return;
      case 'notifications/cancelled':
        // It withdraws a question; which leg was asked, the legs know.
        if (this.aside.withdraws(message)) return;
        for (const leg of this.legs) if (leg.hasAsked) leg.take(message);
        return;
      case 'notifications/message': {
        const leg = this.spokenOf();
        if (leg?.request.observer) leg.take(message);
        else this.aside.notified(message, this.speakable());
        return;
      }
      default:
        this.aside.notified(message, this.speakable());
    }
  }

  /** What a modern upstream says unasked names the listening it is for (26 Subscriptions). */
  private toListen(message: Message): boolean {
    const isEnd = message.method === 'notifications/cancelled';
    const id = isEnd ? message.params?.raw('requestId') : subscriptionOf(message);
    const leg = id === undefined ? undefined : this.legOf(id);
    if (leg?.request.method !== LISTEN) return false;
    if (isEnd) leg.lost('the upstream ended the subscription');
    else leg.take(message);
    return true;
  }

  private progressed(message: Message): void {
    const token = message.params?.raw('progressToken') ?? '';
    const leg = this.legOf(token);
    if (leg?.isInFlight === true && leg.request.wantsProgress) leg.take(message);
    else if (!this.lasting.take(message)) this.pipe.dropped('progress_token');
  }

  /** @param id as the upstream wrote it */
  private legOf(id: string): PipeLeg | undefined {
    if (!OUR_ID.test(id)) return undefined;
    const ours = Number(id);
    return this.legs.find((leg) => leg.id === ours);
  }

  /** What a message without a name may be of. */
  private speakable(): PipeLeg[] {
    return this.legs.filter(isSpeakable);
  }

  /** A pipe does not say which request a message belongs to; with one in flight it is clear. */
  private onlyLeg(): PipeLeg | undefined {
    let only: PipeLeg | undefined;
    for (const leg of this.legs) {
      if (!isSpeakable(leg)) continue;
      if (only !== undefined) return undefined;
      only = leg;
    }
    return only;
  }

  /** The only one that something without a name can belong to. */
  private spokenOf(): PipeLeg | undefined {
    const only = this.onlyLeg();
    return only !== undefined && this.givenUp.blurs(only.request) ? undefined : only;
  }
}

function isSpeakable(leg: PipeLeg): boolean {
  return leg.isInFlight && leg.request.method !== LISTEN;
}

function subscriptionOf(message: Message): string | undefined {
  const meta = message.params?.raw('_meta');
  if (meta?.startsWith('{') !== true) return undefined;
  return scanJson(meta, RELAYED).top.raw(CLAIM.subscriptionId);
}
