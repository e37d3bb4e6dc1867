import { Injectable } from '@nestjs/common';
import type { ClientView, TransportKind } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import type { Message } from '../../kernel/jsonrpc.js';
import { Answers } from './answer.js';
import { CallRunner } from './call-runner.js';
import type { Posted } from './exchange.js';
import { checkHeaders } from './mcp-headers.js';

/** A modern message, and the client it claims to come from. */
export interface ModernMessage {
  readonly message: Message;
  readonly serverId: ServerId | null;
  readonly client: ClientView;
  readonly transport: TransportKind;
}

/** One modern POST: a request, or a notification, which over HTTP says nothing (PROTOCOL.md §2.2). */
@Injectable()
export class ModernPost {
  constructor(
    private readonly runner: CallRunner,
    private readonly answers: Answers,
  ) {}

  /** @throws GatewayError `header_mismatch`, `not_acceptable` */
  run(posted: Posted, { message, serverId, client, transport }: ModernMessage): void {
    const mirrored = checkHeaders(posted.req, message, {
      revision: client.revision,
      // `/rpc` clients need not repeat anything, but what they repeat must be true.
      isOptional: transport === 'rpc' || message.kind === 'notification',
    });
    if (message.kind === 'notification') {
      // Cancelling is closing the connection; nothing else a client may say wants an act.
      this.answers.sendEmpty(posted.res, 202, posted.headers);
      return;
    }
    if (message.method === 'subscriptions/listen' && !posted.accepts.stream && transport === 'http')
      throw new GatewayError('not_acceptable', { types: 'text/event-stream' });
    this.runner.run(posted, {
      message,
      serverId,
      transport,
      client,
      mutedClient: client,
      mirrored,
    });
  }
}
