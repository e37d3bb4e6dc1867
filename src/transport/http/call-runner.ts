import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Abort } from '../../kernel/abort.js';
import type { Call, ClientView, TransportKind } from '../../kernel/call.js';
import type { HeaderRecord } from '../../kernel/mirrored-headers.js';
import type { ServerId } from '../../kernel/ids.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { Dispatcher, type Reply } from '../../protocol/dispatcher.js';
import { Answers } from './answer.js';
import { ClientWatch } from './client-watch.js';
import type { Posted } from './exchange.js';
import { EventRings } from './event-rings.registry.js';
import { keepaliveMs } from './event-stream.js';
import { HttpChannel } from './http.channel.js';

/** A request ready to be dispatched. */
export interface Runnable {
  readonly message: Message;
  readonly serverId: ServerId | null;
  readonly transport: TransportKind;
  /** What is known of the client, with and without a way back to it. */
  readonly client: ClientView;
  readonly mutedClient: ClientView;
  /** `Mcp-*` headers of a modern request. */
  readonly mirrored?: HeaderRecord;
}

/** Runs calls of HTTP exchanges: makes the Channel and the Call, dispatches, answers. */
@Injectable()
export class CallRunner {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly config: Config,
    private readonly answers: Answers,
    private readonly rings: EventRings,
  ) {}

  /** The way back to the client of one POST. */
  channel(posted: Posted, from: Omit<Runnable, 'message'>): HttpChannel {
    const { config } = this;
    return new HttpChannel(posted.res, this.answers, {
      transport: from.transport,
      accepts: from.transport === 'rpc' ? { json: true, stream: false } : posted.accepts,
      prefersJson: config.jsonResponseEnabled,
      client: from.client,
      rings: this.rings,
      headers: posted.headers,
      keepaliveMs: keepaliveMs(config),
      maxQueueBytes: config.streamQueueMaxBytes,
      stallMs: config.stallTimeoutMs,
    });
  }

  run(posted: Posted, runnable: Runnable): void {
    const channel = this.channel(posted, runnable);
    const call = this.toCall(posted, runnable, channel);
    const watch = new ClientWatch(posted.res, call);
    this.dispatcher
      .dispatch(call)
      .then((reply) => {
        watch.over();
        if (reply === null) channel.abandon();
        else channel.finish(reply.status, reply.text, reply.headers);
      })
      // The dispatcher answers every fault; one in answering leaves nothing to say.
      .catch(() => posted.res.destroy());
  }

  /** The answer comes back whole and nothing can precede it: a plain form. */
  runAlone(posted: Posted, runnable: Runnable): Promise<Reply | null> {
    return this.runOn(posted, runnable, {
      transport: runnable.transport,
      canNotify: false,
      canAsk: false,
      send: () => false,
    });
  }

  /** The answer comes back whole; what precedes it goes to a channel that it may share with others. */
  async runOn(posted: Posted, runnable: Runnable, channel: Call['channel']): Promise<Reply | null> {
    const call = this.toCall(posted, runnable, channel);
    const watch = new ClientWatch(posted.res, call);
    try {
      return await this.dispatcher.dispatch(call);
    } finally {
      watch.over();
    }
  }

  private toCall(posted: Posted, runnable: Runnable, channel: Call['channel']): Call {
    return {
      id: posted.callId,
      message: runnable.message,
      caller: posted.caller,
      client: channel.canAsk ? runnable.client : runnable.mutedClient,
      serverId: runnable.serverId,
      mirrored: runnable.mirrored ?? null,
      trace: traceOf(posted.req.headers),
      channel,
      abort: new Abort(),
      ip: posted.ip,
      bytes: posted.bytes,
    };
  }
}

function traceOf(headers: IncomingHttpHeaders): Call['trace'] {
  if (headers['traceparent'] === undefined && headers['baggage'] === undefined) return null;
  return {
    traceparent: one(headers['traceparent']),
    tracestate: one(headers['tracestate']),
    baggage: one(headers['baggage']),
  };
}

/** A header as one text; several lines of `tracestate` and `baggage` are one list. */
function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
