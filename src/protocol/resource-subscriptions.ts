import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { SyncService } from '../federation/sync.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import { Listeners } from './listeners.js';
import { HeldSessions } from './session/held.js';
import { UpdateSpacing } from './update-spacing.js';

interface Watched {
  readonly key: string;
  readonly gatewayId: GatewayId;
  readonly upstreamUri: string;
  /** Session → the URI it knows the resource by. */
  readonly sessions: Map<string, string>;
  readonly spacing: UpdateSpacing;
  /** What the upstream was told last. */
  isSubscribed: boolean;
  /** The upstream is told one thing after the other. */
  told: Promise<void>;
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
  private readonly bySession = new Map<string, Set<Watched>>();
  private stops: (() => void)[] = [];

  constructor(
    private readonly sync: SyncService,
    private readonly listeners: Listeners,
    private readonly held: HeldSessions,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.sync.onResourceUpdated((gatewayId, uri, params) => {
        this.watched.get(keyOf(gatewayId, uri))?.spacing.due(params);
      }),
      this.sync.onOpened((gatewayId) => {
        void this.renew(gatewayId);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    for (const { spacing } of this.watched.values()) spacing.stop();
  }

  /** Resources that somebody watches. */
  get size(): number {
    return this.watched.size;
  }

  async subscribe(call: Call, shownUri: string, entry: ResourceEntry): Promise<void> {
    const { sessionId } = call.client;
    if (sessionId === null) return;
    if ((this.bySession.get(sessionId)?.size ?? 0) >= MAX_PER_SESSION)
      throw new GatewayError('overloaded', { what: 'Too many resource subscriptions' });
    this.held.hold(sessionId);
    const watched = this.enter(entry);
    watched.sessions.set(sessionId, shownUri);
    const own = this.bySession.get(sessionId) ?? new Set();
    this.bySession.set(sessionId, own.add(watched));
    try {
      await this.tell(watched);
    } catch (e) {
      // Whoever came meanwhile hears of it by its own try.
      this.leave(watched, sessionId).catch(() => undefined);
      throw e;
    }
  }

  async unsubscribe(call: Call, _shownUri: string, entry: ResourceEntry): Promise<void> {
    const watched = this.watched.get(keyOf(entry.gateway.id, entry.upstreamUri));
    const { sessionId } = call.client;
    if (watched === undefined || sessionId === null) return;
    await this.leave(watched, sessionId);
  }

  /** Everything a session watched, once it has ended. */
  async end(sessionId: string): Promise<void> {
    const own = [...(this.bySession.get(sessionId) ?? [])];
    await Promise.allSettled(own.map((watched) => this.leave(watched, sessionId)));
  }

  private enter(entry: ResourceEntry): Watched {
    const { upstreamUri } = entry;
    const gatewayId = entry.gateway.id;
    const key = keyOf(gatewayId, upstreamUri);
    const known = this.watched.get(key);
    if (known !== undefined) return known;
    const sessions = new Map<string, string>();
    const spacing = new UpdateSpacing((params) => {
      this.updated(sessions, params);
    });
    const watched: Watched = {
      ...{ key, gatewayId, upstreamUri, sessions, spacing },
      isSubscribed: false,
      told: Promise.resolve(),
    };
    this.watched.set(key, watched);
    return watched;
  }

  private async leave(watched: Watched, sessionId: string): Promise<void> {
    if (!watched.sessions.delete(sessionId)) return;
    const own = this.bySession.get(sessionId);
    own?.delete(watched);
    if (own?.size === 0) this.bySession.delete(sessionId);
    if (watched.sessions.size === 0) await this.tell(watched);
  }

  /** Brings the upstream to what is wanted, once what it is being told already has arrived. */
  private tell(watched: Watched): Promise<void> {
    watched.told = watched.told.catch(() => undefined).then(() => this.settle(watched));
    return watched.told;
  }

  private async settle(watched: Watched): Promise<void> {
    const isWanted = watched.sessions.size > 0;
    if (isWanted !== watched.isSubscribed) {
      try {
        await this.sync.watch(watched.gatewayId, watched.upstreamUri, isWanted);
      } catch (e) {
        if (isWanted) throw e;
      }
      watched.isSubscribed = isWanted;
    }
    if (watched.sessions.size > 0 || this.watched.get(watched.key) !== watched) return;
    watched.spacing.stop();
    this.watched.delete(watched.key);
  }

  private updated(sessions: ReadonlyMap<string, string>, params: string): void {
    for (const [sessionId, shown] of sessions) {
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
      lost.map((watched) => {
        watched.isSubscribed = false;
        return this.tell(watched);
      }),
    );
  }
}

function keyOf(gatewayId: GatewayId, upstreamUri: string): string {
  return `${gatewayId}\u0000${upstreamUri}`;
}
