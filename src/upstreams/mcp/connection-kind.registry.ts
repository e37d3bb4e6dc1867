import { Injectable } from '@nestjs/common';
import type { GatewayTransport } from '../../kernel/catalog.js';
import type { ConnectionKind } from './connection.js';

/** The ways of speaking to MCP servers, by transport. */
@Injectable()
export class ConnectionKindRegistry {
  private readonly kinds = new Map<GatewayTransport, ConnectionKind>();

  register(kind: ConnectionKind): void {
    if (this.kinds.has(kind.transport)) throw new Error(`transport ${kind.transport} is taken`);
    this.kinds.set(kind.transport, kind);
  }

  all(): Iterable<ConnectionKind> {
    return this.kinds.values();
  }

  get(transport: GatewayTransport): ConnectionKind {
    const kind = this.kinds.get(transport);
    if (kind === undefined) throw new Error(`no connection kind for ${transport}`);
    return kind;
  }
}
