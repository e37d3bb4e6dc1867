import { Abort } from '../../kernel/abort.js';
import type { Call, Channel, ClientFacts, ClientView, TransportKind } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { CallId, ServerId } from '../../kernel/ids.js';
import { type Message, notificationText, parseMessage } from '../../kernel/jsonrpc.js';
import type { Dispatcher, Reply } from '../../protocol/dispatcher.js';
import { PipeSession } from '../../protocol/session/pipe-session.js';
import type { Incoming } from '../http/incoming.js';
import { PipeEra, withId } from './pipe-era.js';

const LISTEN = 'subscriptions/listen';

/** Why the gateway ends a pipe. */
export type PipeEnd = 'shutdown' | 'credential' | 'internal';

/** The writing side of a pipe, as its transport has it. */
export interface Outlet {
  /** @returns false when the message was not taken: the client is gone or too slow */
  send(message: string): boolean;
  /** See Channel.behind. */
  behind(caughtUp: () => void): boolean;
  /** Asks the far end for a sign of life, without waiting. */
  probe(): void;
  close(why: PipeEnd): void;
}

/** Whose pipe it is. */
export interface PipeOwner {
  readonly transport: Extract<TransportKind, 'sse' | 'ws' | 'stdio'>;
  readonly caller: Caller;
  readonly serverId: ServerId | null;
  /** Client address, for logs only. */
  readonly ip: string;
}

/** One message as it came. */
export interface Received {
  readonly text: string;
  readonly bytes: number;
  readonly callId: CallId;
  /** Who sent it: on a pipe of POSTs each has a credential of its own. */
  readonly caller: Caller;
}

interface Parts {
  readonly dispatcher: Dispatcher;
  readonly incoming: Incoming;
}

/**
 * A client on a channel that all of its messages share. The channel is its session: answers, notices
 * and questions go out on it, and its end is the end of all its calls.
 */
export class ClientPipe implements Channel {
  readonly transport: TransportKind;
  readonly canNotify = true;
  readonly canAsk = true;
  readonly session: PipeSession;
  private readonly era: PipeEra;
  /** What a client waits for on purpose, and stops waiting for when it leaves. */
  private readonly standing = new Set<Abort>();
  private running = 0;
  private isEnding = false;

  constructor(
    readonly owner: PipeOwner,
    private readonly outlet: Outlet,
    private readonly parts: Parts,
  ) {
    this.transport = owner.transport;
    this.session = new PipeSession(owner.caller, owner.serverId);
    this.era = new PipeEra(owner.transport === 'sse');
  }

  /** All calls of the connection, of either era, are found by it. */
  get scope(): string {
    return this.session.id;
  }

  send(message: string): boolean {
    return this.outlet.send(message);
  }

  /** All calls share the pipe: none of them should add to what is unread. */
  behind(caughtUp: () => void): boolean {
    return this.outlet.behind(caughtUp);
  }

  joined(facts: ClientFacts): void {
    this.session.join(facts);
  }

  /**
   * Takes one message of the client; the answer goes out on the pipe.
   * @returns what was answered, `null` inside when nothing was; `null` for what wants no answer
   * @throws GatewayError what precedes a call, with the id of the request if it could be read
   */
  take(received: Received): Promise<Reply | null> | null {
    const message = parseMessage(received.text);
    const client = this.era.clientOf(message) ?? this.session.view;
    if (message.kind === 'request') {
      this.checkState(message);
      return this.run(message, client, received);
    }
    const { caller } = received;
    const { serverId } = this.owner;
    this.parts.incoming.take(message, { client, caller, serverId, channel: this });
    return null;
  }

  /** Asks the far end for a sign of life. */
  probe(): void {
    this.outlet.probe();
  }

  /** Ends the pipe as soon as no call is open; new ones are refused. */
  drain(): void {
    this.isEnding = true;
    if (this.running === 0) this.outlet.close('shutdown');
  }

  /** Nobody sends any more; what is under way may still be answered. */
  left(): void {
    for (const abort of this.standing) abort.abort('the client is gone');
    this.drain();
  }

  /** Ends it at once. */
  close(why: PipeEnd): void {
    this.isEnding = true;
    this.outlet.close(why);
  }

  private checkState(message: Message): void {
    if (this.isEnding)
      throw new GatewayError('draining', {}, { ...withId(message), retryAfterSeconds: 1 });
    if (message.method === 'initialize' && this.session.isOpen)
      throw new GatewayError(
        'invalid_request',
        { reason: 'the session is initialized already' },
        withId(message),
      );
  }

  private async run(
    message: Message,
    client: ClientView,
    received: Received,
  ): Promise<Reply | null> {
    const call: Call = {
      id: received.callId,
      message,
      caller: received.caller,
      client,
      serverId: this.owner.serverId,
      mirrored: null,
      trace: null,
      channel: this,
      abort: new Abort(),
      ip: this.owner.ip,
      bytes: received.bytes,
    };
    const isListen = message.method === LISTEN;
    if (isListen) this.standing.add(call.abort);
    this.running++;
    try {
      const reply = await this.parts.dispatcher.dispatch(call);
      if (reply === null) return null;
      this.outlet.send(reply.text);
      if (isListen && reply.failure === null) this.outlet.send(withdrawal(message));
      return reply;
    } catch {
      // The dispatcher answers every fault; one in answering leaves nothing to say.
      this.close('internal');
      return null;
    } finally {
      this.running--;
      if (isListen) this.standing.delete(call.abort);
      if (this.isEnding && this.running === 0) this.outlet.close('shutdown');
    }
  }
}

/**
 * A subscription that we end: its result says so, and on a channel that goes on a cancellation too
 * (26 Cancellation and Subscriptions differ). Behind the result, where it can mean nothing else.
 */
function withdrawal(message: Message): string {
  return notificationText('notifications/cancelled', `"requestId":${message.id as string}`);
}
