import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { parseAccept } from '../http/accept.js';
import { Answers } from '../http/answer.js';
import { Entrance } from '../http/entrance.js';
import { EventStream, keepaliveMs } from '../http/event-stream.js';
import type { Exchange } from '../http/exchange.js';
import { Intake } from '../http/intake.js';
import { PipeOpener } from '../pipe/pipe-opener.js';
import { SseOutlet } from './sse-outlet.js';
import { SseSessions } from './sse-sessions.registry.js';

/** `/sse` and `/servers/{id}/sse`: the stream of the transport of 2024-11-05 (API.md §3.5). */
@Injectable()
export class SseEndpoint {
  /** What the stream names for posting to; whoever serves another path leads it to `/message`. */
  messagePath = '/message';

  constructor(
    private readonly intake: Intake,
    private readonly entrance: Entrance,
    private readonly opener: PipeOpener,
    private readonly sessions: SseSessions,
    private readonly config: Config,
    private readonly answers: Answers,
  ) {}

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    if (exchange.req.method === 'GET') this.admit(exchange).catch(failed);
    else
      failed(
        new GatewayError('method_not_allowed', { allowed: 'GET' }, { headers: { Allow: 'GET' } }),
      );
  }

  private async admit(exchange: Exchange): Promise<void> {
    const caller = await this.intake.authenticate(exchange);
    const serverId = this.entrance.enter(exchange.route, caller);
    if (!parseAccept(exchange.head.accept).stream)
      throw new GatewayError('not_acceptable', { types: 'text/event-stream' });
    // Who left while the credential was looked at never closes again.
    if (!exchange.res.destroyed) this.open(exchange, caller, serverId);
  }

  /** @throws GatewayError `draining`, `overloaded`, `too_many_streams` */
  private open(exchange: Exchange, caller: Caller, serverId: ServerId | null): void {
    const { res, ip, headers } = exchange;
    const outlet = new SseOutlet(this.config.sseRetryTimeoutMs);
    const opened = this.opener.open({ transport: 'sse', caller, serverId, ip }, outlet);
    const id = this.sessions.add(opened.pipe);
    res.on('close', () => {
      this.sessions.remove(id);
      opened.closed();
    });
    this.answers.openStream(res, headers);
    const stream = new EventStream(res, {
      keepaliveMs: keepaliveMs(this.config),
      maxQueueBytes: this.config.streamQueueMaxBytes,
      stallMs: this.config.stallTimeoutMs,
    });
    outlet.begin(stream, this.endpoint(exchange, id));
  }

  /** A path, so that no proxy's scheme or host can be wrong; absolute where the operator says how. */
  private endpoint({ route }: Exchange, id: string): string {
    const base = this.config.publicUrl === '' ? this.config.appRootPath : this.config.publicUrl;
    const server = route.server === null ? '' : `/servers/${encodeURIComponent(route.server)}`;
    return `${base}${server}${this.messagePath}?session_id=${id}`;
  }
}
