import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.service.js';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import { Meters } from '../../platform/metrics/meters.js';
import { Listeners, type ListeningStream } from '../../protocol/listeners.js';
import type { Session } from '../../protocol/session/sessions.js';
import { parseAccept } from './accept.js';
import { Answers } from './answer.js';
import { EventRings, type FoundStream } from './event-rings.registry.js';
import { EventStream, keepaliveMs } from './event-stream.js';
import type { Exchange } from './exchange.js';
import type { ResumableStream } from './resumable-stream.js';

/** What a client says it has lost. */
interface Lost {
  /** The stream that it can take up; unknown or too old: none. */
  readonly found: FoundStream | undefined;
  /** It is the listening stream of the session, taken up or not. */
  readonly isListening: boolean;
}

/** The GET stream of a session: what belongs to no open call (PROTOCOL.md §2.4). */
@Injectable()
export class ListenEndpoint {
  constructor(
    private readonly listeners: Listeners,
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly answers: Answers,
    private readonly rings: EventRings,
    private readonly credentials: CredentialWatch,
  ) {
    listeners.keepForAbsent = (sessionId, message) => rings.keepFor(sessionId, message);
  }

  /** @throws GatewayError `not_acceptable`, `stream_conflict`, `too_many_streams` */
  open(exchange: Exchange, caller: Caller, session: Session): void {
    if (!parseAccept(exchange.head.accept).stream)
      throw new GatewayError('not_acceptable', { types: 'text/event-stream' });
    const { res } = exchange;
    // Who left while the credential was looked at never closes again.
    if (res.destroyed) return;
    const lost = this.lost(exchange, session);
    if (lost.found === undefined || lost.found.isListening)
      this.listen(exchange, caller, session, lost);
    else this.goOn(exchange, caller, lost.found);
  }

  private lost({ req }: Exchange, { claims }: Session): Lost {
    const lastEventId = req.headers['last-event-id'];
    if (typeof lastEventId !== 'string') return { found: undefined, isListening: false };
    const found = this.rings.find(claims.randomId, lastEventId);
    return { found, isListening: this.rings.isOfListening(claims.randomId, lastEventId) };
  }

  /** The rest of the stream of a call, then what it still says. */
  private goOn(exchange: Exchange, caller: Caller, { stream, after }: FoundStream): void {
    this.answers.openStream(exchange.res, exchange.headers);
    const reader = this.reader(exchange, caller);
    exchange.res.on('close', () => {
      stream.left(reader);
    });
    stream.resume(reader, after);
  }

  /**
   * The listening stream, from where the client lost it. One that another connection still has goes
   * only to who knows an event of it (ADR 0008): a connection can be dead long before TCP says so.
   */
  private listen(
    exchange: Exchange,
    caller: Caller,
    session: Session,
    { found, isListening }: Lost,
  ): void {
    const { res, headers } = exchange;
    const holder: { to: EventStream | ResumableStream | null; reader: EventStream | null } = {
      to: null,
      reader: null,
    };
    const stream: ListeningStream = {
      send: (message) => holder.to?.send(message) ?? false,
      probe: () => holder.reader?.probe(),
      close: () => holder.reader?.end(),
    };
    const leave = this.listeners.add(session, caller, stream, isListening);
    this.answers.openStream(res, headers);
    const reader = this.reader(exchange, caller);
    const ring = found?.stream ?? this.begun(session, reader);
    holder.reader = reader;
    holder.to = ring ?? reader;
    this.meters.activeStreams('http', 1);
    res.on('close', () => {
      ring?.left(reader);
      leave();
      this.meters.activeStreams('http', -1);
    });
    if (found !== undefined) found.stream.resume(reader, found.after);
  }

  /** A stream that can be taken up again, where the session is of a revision that knows it. */
  private begun({ claims }: Session, reader: EventStream): ResumableStream | null {
    if (claims.revision === '2024-11-05') return null;
    const ring = this.rings.listen(claims.randomId);
    ring?.begin(reader, this.rings.retryFor(claims.revision));
    return ring;
  }

  private reader({ res }: Exchange, caller: Caller): EventStream {
    const reader = new EventStream(res, {
      keepaliveMs: keepaliveMs(this.config),
      maxQueueBytes: this.config.streamQueueMaxBytes,
      stallMs: this.config.stallTimeoutMs,
    });
    // A stream ends with the credential that opened it.
    const stop = this.credentials.watch(caller, () => {
      reader.end();
    });
    res.on('close', stop);
    return reader;
  }
}
