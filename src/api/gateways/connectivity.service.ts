import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Handshake } from '../../federation/handshake.service.js';
import type { Actor } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import type { View } from '../../registry/views/common-view.js';
import type { Asked } from '../asked.decorator.js';
import { inBothSpellings } from '../casing.js';
import { type ConnectivityBody, type Probe, toProbe } from './connectivity-body.js';

const MAX_ANSWER_BYTES = 1_048_576;

interface Found {
  readonly statusCode: number;
  readonly body: unknown;
}

/** Tries an address as the gateway itself would call it, without storing anything. */
@Injectable()
export class Connectivity {
  constructor(
    private readonly client: SafeClient,
    private readonly handshake: Handshake,
    private readonly config: Config,
  ) {}

  /**
   * @returns also when nothing was reached: the status is that of the failure then
   * @throws GatewayError `validation_failed`, `egress_blocked`
   */
  async test(body: ConnectivityBody, { actor }: Asked): Promise<View> {
    const probe = toProbe(body);
    const start = performance.now();
    const latencyMs = (): number => Math.round(performance.now() - start);
    try {
      const found = await (probe.method === 'MCP' ? this.greet(probe, actor) : this.send(probe));
      return inBothSpellings({ ...found, latencyMs: latencyMs(), error: null });
    } catch (e) {
      if (!(e instanceof GatewayError) || e.row.status < 500) throw e;
      const said = e.extras.data?.['status'];
      const statusCode = typeof said === 'number' ? said : e.row.status;
      return inBothSpellings({
        statusCode,
        body: null,
        latencyMs: latencyMs(),
        error: e.message,
      });
    }
  }

  private async send({ method, url, headers, body }: Probe): Promise<Found> {
    const reply = await this.client.request({
      url,
      method: method === 'MCP' ? 'GET' : method,
      headers,
      ...(body === undefined ? {} : { body }),
      timeoutMs: this.config.upstreamResponseTimeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    return { statusCode: reply.status, body: readable(reply.body.toString('utf8')) };
  }

  private async greet({ url, headers }: Probe, actor: Actor): Promise<Found> {
    const { greeting, transport } = await this.handshake.greet(url.href, headers, actor);
    return {
      statusCode: 200,
      body: {
        transport,
        protocolVersion: greeting.protocolVersion,
        protocolEra: greeting.era,
        serverInfo: greeting.serverInfo === null ? null : readable(greeting.serverInfo),
        capabilities: readable(greeting.capabilities),
        instructions: greeting.instructions,
      },
    };
  }
}

/** JSON where it is JSON. */
function readable(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
