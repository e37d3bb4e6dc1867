import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../kernel/caller.js';
import type { GatewayTransport } from '../kernel/catalog.js';
import { GatewaysService } from '../registry/gateways.service.js';
import type { Greeting } from '../upstreams/mcp/connection.js';
import { Dialer } from '../upstreams/mcp/dialer.js';

/** What an MCP server said when it was greeted. */
export interface Greeted {
  readonly greeting: Greeting;
  readonly transport: GatewayTransport;
}

/** Greets an MCP server that is not registered, under the rules for those that are. */
@Injectable()
export class Handshake {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly dialer: Dialer,
  ) {}

  /**
   * Connects, greets, and ends the session again; nothing is stored.
   * @throws GatewayError `egress_blocked`, `validation_failed`, `upstream_unreachable`,
   *   `upstream_timeout`, `upstream_error`
   */
  async greet(
    url: string,
    headers: Readonly<Record<string, string>>,
    actor: Actor,
  ): Promise<Greeted> {
    const authHeaders = Object.entries(headers).map(([key, value]) => ({ key, value }));
    // A name that nobody has: the same upstream may well be registered already.
    const named = { name: `probe-${randomUUID()}`, url };
    const draft = await this.gateways.draft(
      authHeaders.length === 0 ? named : { ...named, authHeaders },
      actor,
    );
    const credential = this.gateways.credential(draft);
    try {
      const { connection, transport } = await this.dialer.open(
        draft,
        { credential, env: {} },
        DEAF,
        { capabilities: '{}' },
      );
      const { greeting } = connection;
      await connection.close();
      return { greeting, transport };
    } finally {
      this.dialer.forget(draft.id);
    }
  }
}

const DEAF = {
  onNotification: () => undefined,
  onRequest: () => '"error":{"code":-32601,"message":"No client can answer on this session"}',
  onAsks: () => undefined,
  onClosed: () => undefined,
};
