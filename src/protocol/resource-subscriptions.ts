import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { SyncService } from '../federation/sync.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import { Listeners } from './listeners.js';

interface Watched {
  readonly gatewayId: GatewayId;
  readonly upstreamUri: string;
  /** Session → the URI it knows the resource by. */
  readonly sessions: Map<string, string>;
}

/** URIs that one session may watch. */
const MAX_PER_SESSION = 100;

/**
 * Who watches which resource. The upstream is subscribed once, on the session that stays open for
 * the catalog, for all watchers together (PROTOCOL.md §6.4).
 */
@Injectable()
export class ResourceSubscriptions implements OnModuleInit, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private stops: (() => void)[] = [];

  constructor(
    private readonly sync: SyncService,
    private readonly listeners: Listeners,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.sync.onResourceUpdated((gatewayId, uri, params) => {
        this.updated(gatewayId, uri, params);
      }),
      this.sync.onOpened((gatewayId) => {
        void this.renew(gatewayId);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  async subscribe(call: Call, shownUri: string, entry: ResourceEntry): Promise<void> {
    const { sessionId } = call.client;
    if (sessionId === null) return;
    if (this.count(sessionId) >= MAX_PER_SESSION)
      throw new GatewayError('overloaded', { what: 'Too many resource subscriptions' });
    const key = keyOf(entry);
    const known = this.watched.get(key);
    if (known !== undefined) {
      known.sessions.set(sessionId, shownUri);
      return;
    }
    await this.send(entry.gateway.id, 'resources/subscribe', entry.upstreamUri);
    const sessions = this.watched.get(key)?.sessions ?? new Map<string, string>();
    sessions.set(sessionId, shownUri);
    const { upstreamUri } = entry;
    this.watched.set(key, { gatewayId: entry.gateway.id, upstreamUri, sessions });
  }

  async unsubscribe(call: Call, _shownUri: string, entry: ResourceEntry): Promise<void> {
    const watched = this.watched.get(keyOf(entry));
    const { sessionId } = call.client;
    if (watched === undefined || sessionId === null) return;
    await this.leave(watched, sessionId);
  }

  /** Everything a session watched, once it has ended. */
  async end(sessionId: string): Promise<void> {
    await Promise.allSettled(
      [...this.watched.values()].map((watched) => this.leave(watched, sessionId)),
    );
  }

  private async leave(watched: Watched, sessionId: string): Promise<void> {
    if (!watched.sessions.delete(sessionId) || watched.sessions.size > 0) return;
    this.watched.delete(`${watched.gatewayId}\u0000${watched.upstreamUri}`);
    await this.send(watched.gatewayId, 'resources/unsubscribe', watched.upstreamUri);
  }

  private count(sessionId: string): number {
    let n = 0;
    for (const { sessions } of this.watched.values()) if (sessions.has(sessionId)) n++;
    return n;
  }

  private updated(gatewayId: GatewayId, uri: string, params: string): void {
    const watched = this.watched.get(`${gatewayId}\u0000${uri}`);
    for (const [sessionId, shown] of watched?.sessions ?? []) {
      const own = `"uri":${JSON.stringify(shown)}`;
      this.listeners.send(
        sessionId,
        notificationText(
          'notifications/resources/updated',
          params === '' ? own : `${own},${params}`,
        ),
      );
    }
  }

  /** A new session above knows nothing of what the old one had subscribed. */
  private async renew(gatewayId: GatewayId): Promise<void> {
    const lost = [...this.watched.values()].filter((w) => w.gatewayId === gatewayId);
    await Promise.allSettled(
      lost.map((w) => this.send(gatewayId, 'resources/subscribe', w.upstreamUri)),
    );
  }

  private send(gatewayId: GatewayId, method: string, uri: string): Promise<string> {
    return this.sync.request(gatewayId, method, `"uri":${JSON.stringify(uri)}`);
  }
}

function keyOf(entry: ResourceEntry): string {
  return `${entry.gateway.id}\u0000${entry.upstreamUri}`;
}
