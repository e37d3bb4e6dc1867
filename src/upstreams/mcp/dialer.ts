import { Injectable } from '@nestjs/common';
import type { Gateway, GatewayTransport, UpstreamCredential } from '../../kernel/catalog.js';
import { Config } from '../../config/config.js';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { ofOpening } from '../reach.js';
import type { OpenOptions, UpstreamConnection } from './connection.js';
import { ConnectionKindRegistry } from './connection-kind.registry.js';
import { speaksOtherwise } from './http.connection.js';

export type DialHooks = Pick<OpenOptions, 'onNotification' | 'onRequest' | 'onAsks' | 'onClosed'>;

export interface DialOptions {
  /** Client capabilities to declare, as JSON text. */
  readonly capabilities: string;
  /** `clientInfo` as JSON text; the gateway's own when `null`. */
  readonly clientInfo?: string | null;
  readonly initTimeoutMs?: number;
}

export interface Dialled {
  readonly connection: UpstreamConnection;
  /** The transport found, where `AUTO` was asked. */
  readonly transport: GatewayTransport;
}

/** Opens lines to upstreams, and finds out how to speak to them when nobody said. */
@Injectable()
export class Dialer {
  private readonly ownInfo: string;

  constructor(
    private readonly kinds: ConnectionKindRegistry,
    private readonly config: Config,
  ) {
    this.ownInfo = JSON.stringify({ name: config.appName, version: PRODUCT_VERSION });
  }

  /**
   * Connects and initialises. `AUTO` tries Streamable HTTP, then HTTP+SSE if that is refused with
   * 400, 404 or 405 (25 Transports §Backwards Compatibility).
   * @throws GatewayError `upstream_unreachable`, `upstream_error`, `upstream_timeout`
   */
  async open(
    gateway: Gateway,
    secrets: { credential: UpstreamCredential; env: Readonly<Record<string, string>> },
    hooks: DialHooks,
    options: DialOptions,
  ): Promise<Dialled> {
    const full: OpenOptions = {
      gateway,
      ...secrets,
      ...hooks,
      capabilities: options.capabilities,
      clientInfo: options.clientInfo ?? this.ownInfo,
      initTimeoutMs:
        options.initTimeoutMs ?? gateway.initTimeoutMs ?? this.config.gatewayValidationTimeoutMs,
    };
    try {
      return await (gateway.transport === 'AUTO'
        ? this.findOut(full)
        : this.dial(gateway.transport, full));
    } catch (e) {
      throw ofOpening(e);
    }
  }

  private async findOut(options: OpenOptions): Promise<Dialled> {
    try {
      return await this.dial('STREAMABLEHTTP', options);
    } catch (first) {
      if (!speaksOtherwise(first)) throw first;
      // Whoever does not speak SSE either is better described by the first refusal.
      return this.dial('SSE', options).catch(() => {
        throw first;
      });
    }
  }

  /** The Gateway was changed or is gone: what was remembered of its failures no longer holds. */
  forget(id: Gateway['id']): void {
    for (const kind of this.kinds.all()) kind.forget?.(id);
  }

  private async dial(transport: GatewayTransport, options: OpenOptions): Promise<Dialled> {
    return { connection: await this.kinds.get(transport).open(options), transport };
  }
}
