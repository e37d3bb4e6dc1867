import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import type { Watchable } from '../federation/upward-listen.js';
import { SyncService } from '../federation/sync.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import type { UpstreamTask } from './era/bridge/task-seals.js';
import { Listeners } from './listeners.js';
import { HeldSessions } from './session/held.js';
import { UpdateSpacing } from './update-spacing.js';

/** Where something is that can be watched, under the name that its upstream has for it. */
interface Place {
  readonly gatewayId: GatewayId;
  readonly kind: Watchable;
  readonly name: string;
}

interface Watched extends Place {
  readonly key: string;
  /** Who watches → what is told of an update: the inside of its params without its name. */
  readonly watchers: Map<string, (params: string) => void>;
  readonly spacing: UpdateSpacing;
  /** What the upstream was told last. */
  isSubscribed: boolean;
  /** The upstream is told one thing after the other. */
  told: Promise<void>;
}

/** Resources and tasks that one session or listen may watch. */
const MAX_PER_WATCHER = 100;

/**
 * Who watches which resource, or task of the extension. The upstream is subscribed once, on the session that stays open for
 * the catalog, for all watchers together (PROTOCOL.md §6.4).
 */
@Injectable()
export class ResourceSubscriptions implements OnModuleInit, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private readonly byWatcher = new Map<string, Set<Watched>>();
  private stops: (() => void)[] = [];

  constructor(
    private readonly sync: SyncService,
    private readonly listeners: Listeners,
    private readonly held: HeldSessions,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.sync.onResourceUpdated((gatewayId, uri, params) => {
        this.told({ gatewayId, kind: 'resource', name: uri }, params);
      }),
      this.sync.onTaskTold((gatewayId, taskId, params) => {
        this.told({ gatewayId, kind: 'task', name: taskId }, params);
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

  /** Resources and tasks that somebody watches. */
  get size(): number {
    return this.watched.size;
  }

  async subscribe(call: Call, shownUri: string, entry: ResourceEntry): Promise<void> {
    const { sessionId } = call.client;
    if (sessionId === null) return;
    this.checkRoom(sessionId);
    this.held.hold(sessionId);
    await this.watch(sessionId, entry, (params) => {
      this.listeners.send(sessionId, updateText(shownUri, params));
    });
  }

  /**
   * @param watcher names who watches, to `end` it: a session, or a listen of a modern client
   * @param updated takes the inside of the params of an update without its name
   * @throws UpstreamRpcError · GatewayError `overloaded`, and what keeps the upstream from being asked
   */
  async watch(
    watcher: string,
    at: ResourceEntry | UpstreamTask,
    updated: (params: string) => void,
  ): Promise<void> {
    this.checkRoom(watcher);
    const watched = this.enter(placeOf(at));
    watched.watchers.set(watcher, updated);
    const own = this.byWatcher.get(watcher) ?? new Set();
    this.byWatcher.set(watcher, own.add(watched));
    try {
      await this.tell(watched);
    } catch (e) {
      // Whoever came meanwhile hears of it by its own try.
      this.leave(watched, watcher).catch(() => undefined);
      throw e;
    }
  }

  async unsubscribe(call: Call, _shownUri: string, entry: ResourceEntry): Promise<void> {
    const watched = this.watched.get(keyOf(placeOf(entry)));
    const { sessionId } = call.client;
    if (watched === undefined || sessionId === null) return;
    await this.leave(watched, sessionId);
  }

  /** Everything a session or listen watched, once it has ended. */
  async end(watcher: string): Promise<void> {
    const own = [...(this.byWatcher.get(watcher) ?? [])];
    await Promise.allSettled(own.map((watched) => this.leave(watched, watcher)));
  }

  private checkRoom(watcher: string): void {
    if ((this.byWatcher.get(watcher)?.size ?? 0) >= MAX_PER_WATCHER)
      throw new GatewayError('overloaded', { what: 'Too many resource subscriptions' });
  }

  private told(place: Place, params: string): void {
    this.watched.get(keyOf(place))?.spacing.due(params);
  }

  private enter(place: Place): Watched {
    const key = keyOf(place);
    const known = this.watched.get(key);
    if (known !== undefined) return known;
    const watchers: Watched['watchers'] = new Map();
    const spacing = new UpdateSpacing((params) => {
      for (const updated of watchers.values()) updated(params);
    });
    const watched: Watched = {
      ...{ ...place, key, watchers, spacing },
      isSubscribed: false,
      told: Promise.resolve(),
    };
    this.watched.set(key, watched);
    return watched;
  }

  private async leave(watched: Watched, watcher: string): Promise<void> {
    if (!watched.watchers.delete(watcher)) return;
    const own = this.byWatcher.get(watcher);
    own?.delete(watched);
    if (own?.size === 0) this.byWatcher.delete(watcher);
    if (watched.watchers.size === 0) await this.tell(watched);
  }

  /** Brings the upstream to what is wanted, once what it is being told already has arrived. */
  private tell(watched: Watched): Promise<void> {
    watched.told = watched.told.catch(() => undefined).then(() => this.settle(watched));
    return watched.told;
  }

  private async settle(watched: Watched): Promise<void> {
    const isWanted = watched.watchers.size > 0;
    if (isWanted !== watched.isSubscribed) {
      try {
        await this.sync.watch(watched.gatewayId, watched.name, isWanted, watched.kind);
      } catch (e) {
        if (isWanted) throw e;
      }
      watched.isSubscribed = isWanted;
    }
    if (watched.watchers.size > 0 || this.watched.get(watched.key) !== watched) return;
    watched.spacing.stop();
    this.watched.delete(watched.key);
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

function updateText(shownUri: string, params: string): string {
  const own = `"uri":${JSON.stringify(shownUri)}`;
  return notificationText(
    'notifications/resources/updated',
    params === '' ? own : `${own},${params}`,
  );
}

function placeOf(at: ResourceEntry | UpstreamTask): Place {
  return 'taskId' in at
    ? { gatewayId: at.gatewayId, kind: 'task', name: at.taskId }
    : { gatewayId: at.gateway.id, kind: 'resource', name: at.upstreamUri };
}

function keyOf({ gatewayId, kind, name }: Place): string {
  return `${gatewayId} ${kind} ${name}`;
}
