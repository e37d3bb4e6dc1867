import { Injectable } from '@nestjs/common';
import type { Gateway } from '../../kernel/catalog.js';
import type { Driver, UpstreamReply, UpstreamRequest } from '../../kernel/upstream.js';
import { SessionLostError, type UpstreamConnection } from './connection.js';
import { ConnectionPool } from './connection.pool.js';
import { doubtsEra, ownFault, refusesHeaders } from './modern-refusal.js';
import { answeredBadly } from './upstream-fault.js';

/** Reaches MCP servers over pooled upstream sessions. */
@Injectable()
export class McpDriver implements Driver {
  readonly kind = 'mcp';

  constructor(private readonly pool: ConnectionPool) {}

  async request(gateway: Gateway, request: UpstreamRequest): Promise<UpstreamReply> {
    const connection = await this.pool.acquire(gateway, request.caller, request.client);
    try {
      const result = await connection.request(request);
      return { result, era: connection.greeting.era };
    } catch (e) {
      if (e instanceof SessionLostError) return this.again(gateway, request, connection);
      if (connection.greeting.era === 'modern') return this.healed(gateway, request, e);
      throw e;
    }
  }

  /** Some refusals of a modern upstream prove that nothing ran: one more try (PROTOCOL.md §4.6). */
  private async healed(
    gateway: Gateway,
    request: UpstreamRequest,
    error: unknown,
  ): Promise<UpstreamReply> {
    if (refusesHeaders(error)) await this.pool.readAgain(gateway.id);
    else if (!doubtsEra(error) || !(await this.pool.doubt(gateway).catch(() => false)))
      throw ownFault(error);
    const connection = await this.pool.acquire(gateway, request.caller, request.client);
    try {
      const result = await connection.request(request);
      return { result, era: connection.greeting.era };
    } catch (e) {
      throw ownFault(e);
    }
  }

  /**
   * A forgotten session proves that nothing ran: one new session for all who wait, one more try
   * (PROTOCOL.md §3.3).
   */
  private async again(
    gateway: Gateway,
    request: UpstreamRequest,
    lost: UpstreamConnection,
  ): Promise<UpstreamReply> {
    this.pool.forget(gateway, lost);
    const connection = await this.pool.acquire(gateway, request.caller, request.client);
    try {
      const result = await connection.request(request);
      return { result, era: connection.greeting.era };
    } catch (e) {
      if (!(e instanceof SessionLostError)) throw e;
      this.pool.forget(gateway, connection);
      throw answeredBadly('Upstream lost its session twice in a row', { cause: e });
    }
  }
}
