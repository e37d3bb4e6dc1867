import { Injectable } from '@nestjs/common';
import { SessionEnd } from '../../protocol/session/session-end.js';
import type { Session } from '../../protocol/session/sessions.js';
import { Answers } from './answer.js';
import type { Exchange } from './exchange.js';

/** DELETE of a session by its client (PROTOCOL.md §2.4). */
@Injectable()
export class EndEndpoint {
  constructor(
    private readonly ends: SessionEnd,
    private readonly answers: Answers,
  ) {}

  end(exchange: Exchange, session: Session): void {
    this.ends.end(session);
    this.answers.sendEmpty(exchange.res, 204, exchange.headers);
  }
}
