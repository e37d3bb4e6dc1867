import { Injectable } from '@nestjs/common';
import type { Message } from '../../kernel/jsonrpc.js';
import { ClientRequests } from '../../protocol/client-requests.js';
import { InFlight, type Sender, scopeOf } from '../../protocol/in-flight.js';
import { Owners } from '../../protocol/session/owners.js';
import { Answers } from './answer.js';
import type { Posted } from './exchange.js';

/** Takes what a client sends that wants no answer: notifications and answers to our questions. */
@Injectable()
export class Incoming {
  constructor(
    private readonly inFlight: InFlight,
    private readonly clientRequests: ClientRequests,
    private readonly owners: Owners,
    private readonly answers: Answers,
  ) {}

  /** Takes it and says so. */
  post(posted: Posted, message: Message, from: Sender): void {
    this.take(message, from);
    this.answers.sendEmpty(posted.res, 202, posted.headers);
  }

  take(message: Message, from: Sender): void {
    const { sessionId } = from.client;
    if (message.kind === 'response') {
      if (sessionId !== null) this.clientRequests.answered(sessionId, message);
      return;
    }
    switch (message.method) {
      case 'notifications/progress':
        this.clientRequests.progressed(sessionId, message);
        return;
      case 'notifications/cancelled':
        this.cancel(message, from);
        return;
      case 'notifications/roots/list_changed':
        if (sessionId !== null) this.owners.rootsChanged(sessionId);
    }
  }

  private cancel(message: Message, from: Sender): void {
    const id = message.params?.raw('requestId');
    if (id === undefined) return;
    const reason = message.params?.string('reason') ?? 'cancelled by the client';
    this.inFlight.cancel(scopeOf(from), id, reason.slice(0, 1000));
  }
}
