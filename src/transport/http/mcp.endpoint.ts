import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { Sessions } from '../../protocol/session/sessions.js';
import type { ServerId } from '../../kernel/ids.js';
import type { Exchange, Posted } from './exchange.js';
import { namedIn } from './named-error.js';
import { Entrance } from './entrance.js';
import { Intake } from './intake.js';
import { ListenEndpoint } from './listen.endpoint.js';
import { McpPost } from './mcp-post.js';
import { EndEndpoint } from './end.endpoint.js';

/** `/mcp` and `/servers/{id}/mcp`: Streamable HTTP for legacy clients (PROTOCOL.md §2.3, §2.4). */
@Injectable()
export class McpEndpoint {
  constructor(
    private readonly intake: Intake,
    private readonly posts: McpPost,
    private readonly listen: ListenEndpoint,
    private readonly sessions: Sessions,
    private readonly ends: EndEndpoint,
    private readonly entrance: Entrance,
  ) {}

  /** @param failed takes what was thrown, also later */
  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    switch (exchange.req.method) {
      case 'POST':
        this.intake.post(
          exchange,
          'json-or-stream',
          (posted) => {
            this.posts.handle(posted, this.enter(exchange, posted));
          },
          failed,
        );
        return;
      case 'GET':
      case 'DELETE':
        this.withoutBody(exchange).catch(failed);
        return;
      default:
        failed(notAllowed('GET, POST, DELETE'));
    }
  }

  /** @throws GatewayError with the id of the request, where it has one */
  private enter({ route }: Exchange, posted: Posted): ServerId | null {
    try {
      return this.entrance.enter(route, posted.caller);
    } catch (e) {
      throw namedIn(posted.text, e);
    }
  }

  private async withoutBody(exchange: Exchange): Promise<void> {
    const caller = await this.intake.authenticate(exchange);
    const serverId = this.entrance.enter(exchange.route, caller);
    const { sessionId } = exchange.head;
    if (sessionId === undefined) throw notAllowed('POST');
    const session = this.sessions.open(sessionId, caller, serverId);
    if (exchange.req.method === 'GET') this.listen.open(exchange, caller, session);
    else this.ends.end(exchange, session);
  }
}

function notAllowed(allowed: string): GatewayError {
  return new GatewayError('method_not_allowed', { allowed }, { headers: { Allow: allowed } });
}
