import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway, SessionMode } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Config } from '../../config/config.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import type { UpstreamConnection } from './connection.js';
import { Dialer, type DialSecrets } from './dialer.js';

interface Entry {
  readonly key: string;
  readonly gatewayId: GatewayId;
  readonly isProcess: boolean;
  /** Serves everybody: kept while its Gateway is. */
  readonly isShared: boolean;
  hasAsked: boolean;
  readonly sessionId: string | null;
  connection: UpstreamConnection | null;
  opening: Promise<UpstreamConnection> | null;
  idleSince: number;
}

/**
 * Sessions that serve one client are closed when no call has begun on them for as long as the longest
 * call may take, questions to its client included; shared ones stay.
 */
const QUESTIONS_MS = 1_800_000;
const REAP_MS = 30_000;

/**
 * The upstream sessions that calls use, by (Gateway, who shares it, capabilities declared)
 * (PROTOCOL.md §3.2). The sync session of a Gateway is not among them.
 */
@Injectable()
export class ConnectionPool implements OnModuleDestroy {
  private readonly entries = new Map<string, Entry>();
  private readonly reaper: NodeJS.Timeout;

  constructor(
    private readonly dialer: Dialer,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
  ) {
    this.reaper = setInterval(() => {
      this.reap();
    }, REAP_MS);
    this.reaper.unref();
    dialer.onEraChange((id) => {
      void this.drop((entry) => entry.gatewayId === id);
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.reaper);
    await this.drop(() => true);
  }

  /** The open session for a call, at once when there is one. */
  acquire(
    gateway: Gateway,
    caller: Caller,
    client: ClientView,
  ): UpstreamConnection | Promise<UpstreamConnection> {
    const key = poolKey(gateway, caller, client);
    const entry = this.entries.get(key);
    if (entry === undefined) return this.open(key, gateway, client);
    entry.idleSince = performance.now();
    if (entry.connection?.isOpen === true) return entry.connection;
    return entry.opening ?? this.reopen(entry, gateway, client);
  }

  /** A session that the upstream has forgotten: the next call opens a new one. */
  forget(gateway: Gateway, connection: UpstreamConnection): void {
    for (const entry of this.entries.values())
      if (entry.gatewayId === gateway.id && entry.connection === connection)
        entry.connection = null;
    // It is of no use any more: what its end still meets is no news.
    void connection.close().catch(() => undefined);
  }

  /** Reads the lists of a Gateway, whose calls are refused for what they say of its tools. */
  readAgain: (id: GatewayId) => Promise<void> = () => Promise.resolve();

  /**
   * A modern upstream answers as if it were none: it is asked again how it is spoken to.
   * @returns whether another connection may do better
   */
  async doubt(gateway: Gateway): Promise<boolean> {
    return this.dialer.recheck(gateway, this.secrets(gateway));
  }

  /** Closes what was opened for a Gateway whose settings changed or that is gone. */
  closeGateway(id: GatewayId): Promise<void> {
    this.dialer.forget(id);
    return this.drop((entry) => entry.gatewayId === id);
  }

  /** Closes what was opened for one client session only. */
  closeSession(sessionId: string): Promise<void> {
    return this.drop((entry) => entry.sessionId === sessionId);
  }

  private open(key: string, gateway: Gateway, client: ClientView): Promise<UpstreamConnection> {
    if (this.entries.size >= this.config.mcpMaxSessions)
      throw new GatewayError('overloaded', { what: 'Too many upstream sessions' });
    const isProcess = gateway.transport === 'STDIO';
    if (isProcess) this.checkProcesses(gateway);
    const mode = effectiveMode(gateway);
    const entry: Entry = {
      key,
      gatewayId: gateway.id,
      isProcess,
      isShared: mode === 'shared',
      hasAsked: false,
      sessionId: mode === 'per-session' ? client.sessionId : null,
      connection: null,
      opening: null,
      idleSince: performance.now(),
    };
    this.entries.set(key, entry);
    return this.reopen(entry, gateway, client);
  }

  /** Children are dear: so many per Gateway, so many in all (PROTOCOL.md §7.3). */
  private checkProcesses(gateway: Gateway): void {
    const processes = [...this.entries.values()].filter((entry) => entry.isProcess);
    const own = processes.filter((entry) => entry.gatewayId === gateway.id).length;
    if (
      processes.length >= this.config.stdioMaxProcesses ||
      own >= this.config.stdioMaxProcessesPerGateway
    )
      throw new GatewayError(
        'overloaded',
        { what: `Too many processes of gateway ${gateway.slug}` },
        { retryAfterSeconds: 1 },
      );
  }

  private reopen(entry: Entry, gateway: Gateway, client: ClientView): Promise<UpstreamConnection> {
    entry.opening = this.dial(entry, gateway, client).finally(() => {
      entry.opening = null;
      if (entry.connection === null && this.entries.get(entry.key) === entry)
        this.entries.delete(entry.key);
    });
    return entry.opening;
  }

  private async dial(
    entry: Entry,
    gateway: Gateway,
    client: ClientView,
  ): Promise<UpstreamConnection> {
    const { connection } = await this.dialer.open(
      gateway,
      this.secrets(gateway),
      {
        onNotification: () => undefined,
        onRequest: () => '"error":{"code":-32601,"message":"Nobody is there to answer"}',
        onAsks: () => {
          if (gateway.asksClient || entry.hasAsked) return;
          entry.hasAsked = true;
          // The next session that is asked tries again; the call goes on either way.
          this.gateways.markAsksClient(gateway.id).catch(() => undefined);
        },
        onClosed: () => {
          if (entry.connection === connection) entry.connection = null;
        },
      },
      {
        capabilities: client.capabilities,
        clientInfo: entry.sessionId === null ? null : client.clientInfo,
      },
    );
    if (this.entries.get(entry.key) !== entry) {
      void connection.close();
      throw new GatewayError('upstream_unreachable', {
        reason: 'the gateway was changed meanwhile',
      });
    }
    entry.connection = connection;
    return connection;
  }

  private secrets(gateway: Gateway): DialSecrets {
    return {
      credential: this.gateways.credential(gateway),
      env: this.gateways.childEnv(gateway),
    };
  }

  private reap(): void {
    const before = performance.now() - this.config.toolMaxDurationMs - QUESTIONS_MS;
    void this.drop(
      (entry) => entry.idleSince < before && entry.opening === null && !entry.isShared,
    );
  }

  private async drop(which: (entry: Entry) => boolean): Promise<void> {
    const chosen = [...this.entries.values()].filter(which);
    for (const entry of chosen) this.entries.delete(entry.key);
    // An end that fails leaves nothing to do: the entry is gone already.
    await Promise.allSettled(
      chosen.flatMap(({ connection }) => (connection === null ? [] : [connection.close()])),
    );
  }
}

/** `auto`: shared, until the upstream has been seen to ask its clients. Modern ones keep no session. */
export function effectiveMode(gateway: Gateway): Exclude<SessionMode, 'auto'> {
  if (gateway.era === 'modern') return 'shared';
  if (gateway.sessionMode !== 'auto') return gateway.sessionMode;
  return gateway.asksClient ? 'per-session' : 'shared';
}

function poolKey(gateway: Gateway, caller: Caller, client: ClientView): string {
  // Each modern request declares for itself what its client can do.
  if (gateway.era === 'modern') return gateway.id;
  switch (effectiveMode(gateway)) {
    case 'shared':
      return `${gateway.id}\u0000*\u0000${client.capabilities}`;
    case 'per-principal':
      return `${gateway.id}\u0000p${caller.principalHash}\u0000${client.capabilities}`;
    case 'per-session':
      return client.sessionId === null
        ? `${gateway.id}\u0000p${caller.principalHash}\u0000${client.capabilities}`
        : `${gateway.id}\u0000s${client.sessionId}\u0000${client.capabilities}`;
  }
}
