import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { errorObject, errorText } from '../../kernel/jsonrpc.js';
import type { Reply } from '../../protocol/dispatcher.js';
import { Answers, flat } from '../http/answer.js';
import { Entrance } from '../http/entrance.js';
import type { Exchange, Posted } from '../http/exchange.js';
import { Intake } from '../http/intake.js';
import type { ClientPipe } from '../pipe/client-pipe.js';
import { SseSessions } from './sse-sessions.registry.js';

const ACCEPTED = '{"status":"success"}';

/** `/message`: what a client of HTTP+SSE sends. The answers come on its stream (API.md §3.5). */
@Injectable()
export class MessageEndpoint {
  constructor(
    private readonly intake: Intake,
    private readonly entrance: Entrance,
    private readonly sessions: SseSessions,
    private readonly answers: Answers,
  ) {}

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    if (exchange.req.method === 'POST')
      this.intake.post(
        exchange,
        'json-or-stream',
        (posted) => {
          this.post(posted).catch(failed);
        },
        failed,
      );
    else
      failed(
        new GatewayError('method_not_allowed', { allowed: 'POST' }, { headers: { Allow: 'POST' } }),
      );
  }

  private async post(posted: Posted): Promise<void> {
    const serverId = this.entrance.enter(posted.route, posted.caller);
    const id = sessionIdOf(posted.req.url ?? '');
    if (id === undefined) throw new GatewayError('missing_session_id');
    const pipe = this.sessions.find(id, posted.caller, serverId);
    const refused = await this.taken(pipe, posted);
    const { res, headers } = posted;
    if (res.destroyed) return;
    if (refused === null) this.answers.sendJson(res, 202, ACCEPTED, headers);
    else
      this.answers.sendJson(
        res,
        refused.status,
        refused.text,
        headers.concat(flat(refused.headers)),
      );
  }

  /**
   * What is refused before it runs is known within the same turn; it is the answer of the POST too.
   * @throws GatewayError what precedes the call; it is on the stream as well
   */
  private async taken(pipe: ClientPipe, posted: Posted): Promise<Reply | null> {
    const { text, bytes, callId, caller } = posted;
    try {
      const answered = pipe.take({ text, bytes, callId, caller });
      const reply = answered === null ? null : await Promise.race([answered, nextTurn(null)]);
      return reply === null || reply.status === 200 ? null : reply;
    } catch (e) {
      if (e instanceof GatewayError && e.extras.rpcId !== undefined)
        pipe.send(errorText(e.extras.rpcId, errorObject(e, callId, false)));
      throw e;
    }
  }
}

function sessionIdOf(url: string): string | undefined {
  const at = url.indexOf('?');
  if (at < 0) return undefined;
  const query = new URLSearchParams(url.slice(at + 1));
  return query.get('session_id') ?? query.get('sessionId') ?? undefined;
}
