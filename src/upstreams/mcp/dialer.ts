import { Injectable } from '@nestjs/common';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway, GatewayTransport, UpstreamCredential } from '../../kernel/catalog.js';
import { Config } from '../../config/config.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { Logins, type PersonChange } from '../oauth/logins.service.js';
import { ofOpening } from '../reach.js';
import type { ConnectionKind, OpenOptions, UpstreamConnection } from './connection.js';
import { ConnectionKindRegistry } from './connection-kind.registry.js';
import { Eras, isSame, type KnownEra } from './eras.service.js';
import { speaksOtherwise } from './http.connection.js';

export type DialHooks = Pick<
  OpenOptions,
  | 'owner'
  | 'sharers'
  | 'abort'
  | 'givesWay'
  | 'onNotification'
  | 'onRequest'
  | 'onAsks'
  | 'onClosed'
>;

export interface DialOptions {
  /** Client capabilities to declare, as JSON text. */
  readonly capabilities: string;
  /** `clientInfo` as JSON text; the gateway's own when `null`. */
  readonly clientInfo?: string | null;
  readonly initTimeoutMs?: number;
  /** Whose login it is opened with, where each person has its own; without it the gateway's. */
  readonly person?: Pick<Caller, 'type' | 'principalHash'> | null;
}

export interface DialSecrets {
  readonly credential: UpstreamCredential;
  readonly env: Readonly<Record<string, string>>;
}

export interface Dialled {
  readonly connection: UpstreamConnection;
  /** The transport found, where `AUTO` was asked. */
  readonly transport: GatewayTransport;
  /** When the era it is spoken in was found, ISO 8601 UTC. */
  readonly eraAt: string;
}

const DEAF: DialHooks = {
  onNotification: () => undefined,
  onRequest: () => '"error":{"code":-32601,"message":"Nobody is there to answer"}',
  onAsks: () => undefined,
  onClosed: () => undefined,
};

/** Opens lines to upstreams, and finds out how to speak to them when nobody said. */
@Injectable()
export class Dialer {
  private readonly ownInfo: string;

  constructor(
    private readonly kinds: ConnectionKindRegistry,
    private readonly eras: Eras,
    private readonly config: Config,
    private readonly logins: Logins,
  ) {
    this.ownInfo = JSON.stringify({ name: config.appName, version: PRODUCT_VERSION });
  }

  /**
   * Connects, and initialises a legacy upstream. `AUTO` tries Streamable HTTP, then HTTP+SSE if that
   * is refused with 400, 404 or 405 (25 Transports §Backwards Compatibility).
   * @throws GatewayError `upstream_unreachable`, `upstream_error`, `upstream_timeout`
   */
  async open(
    gateway: Gateway,
    secrets: DialSecrets,
    hooks: DialHooks,
    options: DialOptions,
  ): Promise<Dialled> {
    const full = await this.full(gateway, secrets, hooks, options);
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

  /**
   * Asks an upstream again how it is spoken to, and remembers it.
   * @param spoken the era it was spoken to in; without it the one that is known
   * @returns whether that is another era than `spoken`
   * @throws GatewayError when nothing can be told
   */
  async recheck(gateway: Gateway, secrets: DialSecrets, spoken?: Era): Promise<boolean> {
    if (gateway.transport === 'AUTO') return false;
    const kind = this.kinds.get(gateway.transport);
    if (kind.probe === undefined) return false;
    const before = spoken ?? eraOf(this.eras.of(gateway));
    const options = await this.full(gateway, secrets, DEAF, NOTHING_DECLARED);
    const now = await this.eras.probe(kind, options);
    this.eras.keep(gateway, now);
    return before !== null && before !== eraOf(now);
  }

  /** An upstream has changed its era: what is open to it is of no use. */
  onEraChange(listener: (id: Gateway['id']) => void): void {
    this.eras.onChange(listener);
  }

  /** A person has logged in or out: what is open with the old login is of no use. */
  onPersonChange(listener: PersonChange): void {
    this.logins.onChange(listener);
  }

  /** The Gateway was changed or is gone: what was remembered of its failures no longer holds. */
  forget(id: Gateway['id']): void {
    this.eras.forget(id);
    this.logins.forget(id);
    for (const kind of this.kinds.all()) kind.forget?.(id);
  }

  private async full(
    gateway: Gateway,
    secrets: DialSecrets,
    hooks: DialHooks,
    options: DialOptions,
  ): Promise<OpenOptions> {
    const isOAuth = gateway.authType === 'oauth';
    return {
      gateway,
      ...secrets,
      ...(isOAuth
        ? { credential: await this.logins.credential(gateway, options.person ?? null) }
        : {}),
      ...hooks,
      capabilities: options.capabilities,
      clientInfo: options.clientInfo ?? this.ownInfo,
      initTimeoutMs:
        options.initTimeoutMs ?? gateway.initTimeoutMs ?? this.config.gatewayValidationTimeoutMs,
    };
  }

  private async dial(transport: GatewayTransport, options: OpenOptions): Promise<Dialled> {
    const kind = this.kinds.get(transport);
    const { gateway } = options;
    const known = this.eras.of(gateway);
    const isKnown = known !== null && (known.modern === null || kind.probe !== undefined);
    if (!isKnown) return this.openAs(kind, options, await this.eras.probe(kind, options));
    try {
      return await this.current(kind, options, await this.openAs(kind, options, known));
    } catch (e) {
      // A server that was legacy may have become a modern one, which knows no `initialize`.
      if (kind.probe === undefined || !refusesInitialize(e)) throw e;
      const now = await this.eras.probe(kind, options);
      if (isSame(now, known)) throw e;
      return this.openAs(kind, options, now);
    }
  }

  /** What was opened, or a line in the era that the upstream turns out to speak now (PROTOCOL.md §7.1). */
  private async current(
    kind: ConnectionKind,
    options: OpenOptions,
    opened: Dialled,
  ): Promise<Dialled> {
    const { greeting } = opened.connection;
    if (kind.probe === undefined || greeting.era === 'modern') return opened;
    if (!this.eras.isRenamed(options.gateway, greeting)) return opened;
    // Where nothing can be told, what works is good enough.
    const now = await this.eras.probe(kind, options).catch(() => null);
    if (now === null) return opened;
    this.eras.named(options.gateway, greeting);
    if (now.modern === null) {
      this.eras.keep(options.gateway, now);
      return { ...opened, eraAt: now.at };
    }
    await opened.connection.close().catch(() => undefined);
    return this.openAs(kind, options, now);
  }

  /** What is legacy is believed once it has been initialised. */
  private async openAs(
    kind: ConnectionKind,
    options: OpenOptions,
    era: KnownEra,
  ): Promise<Dialled> {
    const connection = await kind.open({ ...options, modern: era.modern });
    this.eras.keep(options.gateway, era);
    return { connection, transport: kind.transport, eraAt: era.at };
  }
}

function eraOf(known: KnownEra | null): Era | null {
  if (known === null) return null;
  return known.modern === null ? 'legacy' : 'modern';
}

const NOTHING_DECLARED: DialOptions = { capabilities: '{}' };

function refusesInitialize(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    speaksOtherwise(error) || error instanceof UpstreamRpcError || cause instanceof UpstreamRpcError
  );
}
