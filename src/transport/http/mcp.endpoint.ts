import { Injectable } from '@nestjs/common';
import { requirePermission } from '../../auth/access.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import type { Caller } from '../../kernel/caller.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { Sessions } from '../../protocol/session/sessions.js';
import type { Exchange } from './exchange.js';
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
    private readonly catalog: CatalogService,
  ) {}

  /** @param failed takes what was thrown, also later */
  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    switch (exchange.req.method) {
      case 'POST':
        this.intake.post(
          exchange,
          'json-or-stream',
          (posted) => {
            this.posts.handle(posted, this.enter(exchange, posted.caller));
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

  private async withoutBody(exchange: Exchange): Promise<void> {
    const caller = await this.intake.authenticate(exchange);
    const serverId = this.enter(exchange, caller);
    const { sessionId } = exchange.head;
    if (sessionId === undefined) throw notAllowed('POST');
    const session = this.sessions.open(sessionId, caller, serverId);
    if (exchange.req.method === 'GET') this.listen.open(exchange, caller, session);
    else this.ends.end(exchange, session);
  }

  /** The Server of the path, once the Caller may use it. @throws GatewayError `forbidden`, `server_not_found` */
  private enter({ route }: Exchange, caller: Caller): ServerId | null {
    requirePermission(caller, 'servers.use');
    if (route.server === null) return null;
    const server = this.catalog.findServer(route.server, caller);
    if (server === undefined) throw new GatewayError('server_not_found', { name: route.server });
    return server.id;
  }
}

function notAllowed(allowed: string): GatewayError {
  return new GatewayError('method_not_allowed', { allowed }, { headers: { Allow: allowed } });
}
