import { Injectable } from '@nestjs/common';
import { requirePermission } from '../../auth/access.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { CatalogService } from '../../registry/catalog.service.js';
import type { DataRoute } from './route.js';

/** The door of every MCP endpoint that has a session: who may go in, and to which Server. */
@Injectable()
export class Entrance {
  constructor(private readonly catalog: CatalogService) {}

  /**
   * @returns the Server of the path, once the Caller may use it; `null` for all that the Caller may see
   * @throws GatewayError `forbidden`, `server_not_found`
   */
  enter(route: DataRoute, caller: Caller): ServerId | null {
    requirePermission(caller, 'servers.use');
    if (route.server === null) return null;
    const server = this.catalog.findServer(route.server, caller);
    if (server === undefined) throw new GatewayError('server_not_found', { name: route.server });
    return server.id;
  }
}
