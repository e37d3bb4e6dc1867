import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import { Meters } from '../../platform/metrics/meters.js';
import { Listeners } from '../../protocol/listeners.js';
import type { Session } from '../../protocol/session/sessions.js';
import { parseAccept } from './accept.js';
import { Answers } from './answer.js';
import { EventRings } from './event-rings.registry.js';
import { EventStream, keepaliveMs } from './event-stream.js';
import type { Exchange } from './exchange.js';

/** The GET stream of a session: what belongs to no open call (PROTOCOL.md §2.4). */
@Injectable()
export class ListenEndpoint {
  constructor(
    private readonly listeners: Listeners,
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly answers: Answers,
    private readonly rings: EventRings,
  ) {}

  /** @throws GatewayError `not_acceptable`, `stream_conflict`, `too_many_streams` */
  open(exchange: Exchange, caller: Caller, session: Session): void {
    if (!parseAccept(exchange.head.accept).stream)
      throw new GatewayError('not_acceptable', { types: 'text/event-stream' });
    const { res } = exchange;
    // Who left while the credential was looked at never closes again.
    if (res.destroyed) return;
    if (this.resumed(exchange, caller, session)) return;
    const holder: { stream: EventStream | null } = { stream: null };
    const leave = this.listeners.add(session, caller, {
      send: (message) => holder.stream?.send(message) ?? false,
      probe: () => holder.stream?.probe(),
      close: () => holder.stream?.end(),
    });
    this.answers.openStream(res, exchange.headers);
    holder.stream = new EventStream(res, {
      keepaliveMs: keepaliveMs(this.config),
      maxQueueBytes: this.config.streamQueueMaxBytes,
    });
    this.meters.activeStreams('http', 1);
    this.endWithToken(caller, holder.stream, res);
    res.on('close', () => {
      leave();
      this.meters.activeStreams('http', -1);
    });
  }

  /** The rest of the stream of a call, then what it still says; unknown or too old: a stream of its own. */
  private resumed(exchange: Exchange, caller: Caller, session: Session): boolean {
    const { req, res, headers } = exchange;
    const lastEventId = req.headers['last-event-id'];
    if (typeof lastEventId !== 'string') return false;
    const found = this.rings.find(session.claims.randomId, lastEventId);
    if (found === undefined) return false;
    this.answers.openStream(res, headers);
    const reader = new EventStream(res, {
      keepaliveMs: keepaliveMs(this.config),
      maxQueueBytes: this.config.streamQueueMaxBytes,
    });
    this.endWithToken(caller, reader, res);
    res.on('close', () => {
      found.stream.left(reader);
    });
    found.stream.resume(reader, found.after);
    return true;
  }

  /** A stream ends with the credential that opened it. */
  private endWithToken(caller: Caller, stream: EventStream, res: Exchange['res']): void {
    const leftMs = caller.expiresAt * 1000 - Date.now();
    // Beyond what a timer can hold the token outlives every stream.
    if (leftMs > 2 ** 31 - 1) return;
    const timer = setTimeout(
      () => {
        stream.end();
      },
      Math.max(leftMs, 0),
    );
    res.on('close', () => {
      clearTimeout(timer);
    });
  }
}
