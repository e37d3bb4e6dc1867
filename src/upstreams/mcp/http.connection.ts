import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import type { MirroredParam } from '../../kernel/mirrored-params.js';
import { Config } from '../../config/config.js';
import { Meters } from '../../platform/metrics/meters.js';
import { type Lease, SafeClient } from '../../platform/http/safe-client.js';
import { MirroredArguments } from '../../registry/mirrored-arguments.service.js';
import type { ConnectionKind, OpenOptions, UpstreamConnection } from './connection.js';
import { probeEra, type Verdict } from './discover.js';
import { HttpLegacyConnection } from './http-legacy.connection.js';
import { HttpAddress } from './http-line.js';
import { HttpModernConnection, type ModernParts } from './http-modern.connection.js';
import { probeRequest, UNGREETED } from './probe-request.js';

/** What is no call that `maxConcurrency` counts needs a connection, too: a listen, a probe. */
const SPARE = 16;
/** Listening streams, notifications and answers of ours at the same time, of all sessions of an origin. */
const MAX_ASIDES = 8192;

/** Streamable HTTP: one POST per request over a pool of kept-alive connections. */
@Injectable()
export class HttpConnections implements ConnectionKind {
  readonly transport = 'STREAMABLEHTTP';

  constructor(
    private readonly client: SafeClient,
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly mirrored: MirroredArguments,
  ) {}

  async open(options: OpenOptions): Promise<UpstreamConnection> {
    const parts = this.parts(options);
    if (options.modern) {
      const { gateway } = options;
      const mirrored = (tool: string): readonly MirroredParam[] =>
        this.mirrored.of(gateway.id, tool);
      return new HttpModernConnection({ ...parts, mirrored }, options.modern, options);
    }
    const asides = this.lease(options, parts.address, MAX_ASIDES);
    const ways = { calls: parts.lease, asides };
    const connection = new HttpLegacyConnection(ways, parts.address, options, parts);
    await connection.initialize();
    return connection;
  }

  async probe(options: OpenOptions): Promise<Verdict> {
    const mirrored = (): [] => [];
    const line = new HttpModernConnection({ ...this.parts(options), mirrored }, UNGREETED, options);
    const request = probeRequest('server/discover', '', options.initTimeoutMs);
    try {
      return await probeEra(() => line.request(request), false);
    } finally {
      await line.close();
    }
  }

  private parts(options: OpenOptions): Omit<ModernParts, 'mirrored'> {
    const { gateway, credential } = options;
    const address = new HttpAddress(gateway.url ?? '', credential);
    // What may be in flight has a connection: a call that waited for one would be silent without having
    // been sent. One that waits for its client takes no place among them, but keeps its connection.
    const inFlight = gateway.maxConcurrency || this.config.maxInFlightCalls;
    return {
      lease: this.lease(options, address, inFlight + SPARE + this.config.maxParkedCalls),
      address,
      maxResultBytes: this.config.maxToolResultSizeBytes,
      dropped: (reason) => {
        this.meters.dropped(reason);
      },
    };
  }

  private lease({ gateway }: OpenOptions, { origin }: HttpAddress, connections: number): Lease {
    const connectTimeoutMs = gateway.connectTimeoutMs ?? this.config.upstreamConnectTimeoutMs;
    return this.client.lease(origin, { connections, connectTimeoutMs });
  }
}

/** Whether an error is the upstream's refusal of this way of speaking (25 Transports §Backwards Compatibility). */
export function speaksOtherwise(error: unknown): boolean {
  const status = error instanceof GatewayError ? error.extras.data?.['status'] : undefined;
  return status === 400 || status === 404 || status === 405;
}
