import { Abort } from '../../kernel/abort.js';
import type { Call, Channel, ClientFacts, TransportKind } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { CallId, ServerId } from '../../kernel/ids.js';
import { type Message, parseMessage } from '../../kernel/jsonrpc.js';
import { LEGACY_REVISIONS } from '../../kernel/mcp.js';
import type { Dispatcher, Reply } from '../../protocol/dispatcher.js';
import { PipeSession } from '../../protocol/session/pipe-session.js';
import type { Incoming } from '../http/incoming.js';
import { claimedRevision } from './pipe-era.js';

/** Why the gateway ends a pipe. */
export type PipeEnd = 'shutdown' | 'credential' | 'internal';

/** The writing side of a pipe, as its transport has it. */
export interface Outlet {
  /** @returns false when the message was not taken: the client is gone or too slow */
  send(message: string): boolean;
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
  private running = 0;
  private isEnding = false;

  constructor(
    readonly owner: PipeOwner,
    private readonly outlet: Outlet,
    private readonly parts: Parts,
  ) {
    this.transport = owner.transport;
    this.session = new PipeSession(owner.caller, owner.serverId);
  }

  send(message: string): boolean {
    return this.outlet.send(message);
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
    this.checkEra(message);
    if (message.kind === 'request') {
      this.checkState(message);
      return this.run(message, received);
    }
    const { caller } = received;
    const { serverId } = this.owner;
    this.parts.incoming.take(message, { client: this.session.view, caller, serverId });
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

  /** Ends it at once. */
  close(why: PipeEnd): void {
    this.isEnding = true;
    this.outlet.close(why);
  }

  /** A claim pins the era of a message: this side of the pipe speaks the one with sessions. */
  private checkEra(message: Message): void {
    const requested = claimedRevision(message);
    if (requested === undefined) return;
    throw new GatewayError(
      'unsupported_protocol_version',
      {},
      {
        ...withId(message),
        data: { supported: LEGACY_REVISIONS, requested: requested.slice(0, 64) },
      },
    );
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

  private async run(message: Message, received: Received): Promise<Reply | null> {
    const call: Call = {
      id: received.callId,
      message,
      caller: received.caller,
      client: this.session.view,
      serverId: this.owner.serverId,
      mirrored: null,
      channel: this,
      abort: new Abort(),
      ip: this.owner.ip,
      bytes: received.bytes,
    };
    this.running++;
    try {
      const reply = await this.parts.dispatcher.dispatch(call);
      if (reply !== null) this.outlet.send(reply.text);
      return reply;
    } catch {
      // The dispatcher answers every fault; one in answering leaves nothing to say.
      this.close('internal');
      return null;
    } finally {
      this.running--;
      if (this.isEnding && this.running === 0) this.outlet.close('shutdown');
    }
  }
}

function withId(message: Message): { rpcId?: string } {
  return message.id === null ? {} : { rpcId: message.id };
}
