import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { PersonLines, type Subject } from '../federation/person-lines.service.js';
import { Watches } from '../federation/watches.service.js';
import { CatalogService } from '../registry/catalog.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import { stillNames } from '../registry/still-names.js';
import type { UpstreamTask } from './era/bridge/task-seals.js';
import { Listeners } from './listeners.js';
import { HeldSessions } from './session/held.js';
import { holderOf, keyAt, keyOf, type Place, subjectOf, Watched } from './watched.js';

/** Who watches, and under which name. */
export interface Watcher {
  readonly watcher: string;
  readonly shown: string;
  readonly caller: Caller;
  /** It hears nothing of a login that its person lacks: what it watches waits for that. */
  readonly waitsForLogin?: boolean;
}

/** Resources and tasks that one session or listen may watch. */
const MAX_PER_WATCHER = 100;

/**
 * Who watches which resource, or task of the extension. The upstream is subscribed once, on the session that stays open for
 * the catalog, for all watchers together; where each person has its own login, on one of the person's
 * (PROTOCOL.md §6.4).
 */
@Injectable()
export class ResourceSubscriptions implements OnModuleInit, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  /** Who watches → what, by the name it was shown under. */
  private readonly byWatcher = new Map<string, Map<string, Watched>>();
  private stops: (() => void)[] = [];

  constructor(
    private readonly watches: Watches,
    private readonly listeners: Listeners,
    private readonly held: HeldSessions,
    private readonly catalog: CatalogService,
    private readonly persons: PersonLines,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.watches.onResourceUpdated((gatewayId, uri, params) => {
        this.told(null, { gatewayId, kind: 'resource', name: uri }, params);
      }),
      this.watches.onTaskTold((gatewayId, taskId, params) => {
        this.told(null, { gatewayId, kind: 'task', name: taskId }, params);
      }),
      this.watches.onOpened((gatewayId) => {
        void this.renew(null, gatewayId);
      }),
    ];
    this.persons.hears({
      told: (holder, subject, params) => {
        this.told(holder, subject, params);
      },
      renewed: (holder, gatewayId) => {
        void this.renew(holder, gatewayId);
      },
    });
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    for (const watched of this.watched.values()) watched.stop();
  }

  /** Resources and tasks that somebody watches. */
  get size(): number {
    return this.watched.size;
  }

  async subscribe(call: Call, shownUri: string, entry: ResourceEntry): Promise<void> {
    const { caller, serverId } = call;
    const { sessionId } = call.client;
    if (sessionId === null) return;
    this.checkRoom(sessionId, shownUri);
    this.held.hold(sessionId);
    await this.watch({ watcher: sessionId, shown: shownUri, caller }, entry, (params) => {
      const seen = this.listeners.viewOf(sessionId);
      // While it does not listen it sees what the one who subscribed sees.
      const view = seen === undefined ? this.catalog.findView(caller, serverId) : seen;
      if (stillNames(view, shownUri, entry))
        this.listeners.send(sessionId, updateText(shownUri, params));
    });
  }

  /**
   * @param who watches: to `end` it the session, or the listen of a modern client; and under which name
   * @param updated takes the inside of the params of an update without its name
   * @throws UpstreamRpcError · GatewayError `overloaded`, and what keeps the upstream from being asked
   */
  async watch(
    { watcher, shown, caller, waitsForLogin = false }: Watcher,
    at: ResourceEntry | UpstreamTask,
    updated: (params: string) => void,
  ): Promise<void> {
    this.checkRoom(watcher, shown);
    const watched = this.enter(this.placeOf(at, caller));
    const own = this.byWatcher.get(watcher) ?? new Map<string, Watched>();
    const older = own.get(shown);
    this.byWatcher.set(watcher, own.set(shown, watched));
    watched.add(watcher, shown, updated);
    // The name has come to mean something else.
    if (older !== undefined && older !== watched) older.drop(watcher, shown).catch(() => undefined);
    try {
      await watched.tell();
    } catch (e) {
      if (waitsForLogin && e instanceof GatewayError && e.code === 'login_needed') return;
      // Whoever came meanwhile hears of it by its own try.
      this.leave(watched, watcher, shown).catch(() => undefined);
      throw e;
    }
  }

  /**
   * Ends what a session subscribed under that name, whatever the name means to it now.
   * @returns false when there is no such subscription
   */
  async unsubscribe(sessionId: string, shownUri: string): Promise<boolean> {
    const watched = this.byWatcher.get(sessionId)?.get(shownUri);
    if (watched === undefined) return false;
    await this.leave(watched, sessionId, shownUri);
    return true;
  }

  /** Everything a session or listen watched, once it has ended. */
  async end(watcher: string): Promise<void> {
    const own = [...(this.byWatcher.get(watcher) ?? [])];
    await Promise.allSettled(own.map(([shown, watched]) => this.leave(watched, watcher, shown)));
  }

  private checkRoom(watcher: string, shown: string): void {
    const own = this.byWatcher.get(watcher);
    if (own !== undefined && own.size >= MAX_PER_WATCHER && !own.has(shown))
      throw new GatewayError('overloaded', { what: 'Too many resource subscriptions' });
  }

  private told(holder: string | null, subject: Subject, params: string): void {
    this.watched.get(keyAt(holder, subject))?.changed(params);
  }

  private placeOf(at: ResourceEntry | UpstreamTask, caller: Caller): Place {
    const subject = subjectOf(at);
    return { ...subject, caller: this.persons.isFor(subject.gatewayId) ? caller : null };
  }

  private enter(place: Place): Watched {
    const known = this.watched.get(keyOf(place));
    if (known !== undefined) return known;
    const watched = new Watched(
      place,
      (at, isWanted) => this.ask(at, isWanted),
      (gone) => {
        this.gone(gone);
      },
    );
    this.watched.set(watched.key, watched);
    return watched;
  }

  private gone(watched: Watched): void {
    if (this.watched.get(watched.key) !== watched) return;
    watched.stop();
    this.watched.delete(watched.key);
  }

  private async leave(watched: Watched, watcher: string, shown: string): Promise<void> {
    const own = this.byWatcher.get(watcher);
    if (own?.get(shown) === watched) own.delete(shown);
    if (own?.size === 0) this.byWatcher.delete(watcher);
    await watched.drop(watcher, shown);
  }

  private ask({ caller, gatewayId, name, kind }: Place, isWanted: boolean): Promise<void> {
    if (caller !== null) return this.persons.watch(caller, { gatewayId, name, kind }, isWanted);
    return this.watches.watch(gatewayId, name, isWanted, kind);
  }

  /**
   * A new session above knows nothing of what the old one had subscribed. That of all says besides that
   * the upstream is there: persons get what they could not have before.
   */
  private async renew(holder: string | null, gatewayId: GatewayId): Promise<void> {
    const lost = [...this.watched.values()].filter(
      ({ place }) =>
        place.gatewayId === gatewayId && (holder === null || holderOf(place) === holder),
    );
    await Promise.allSettled(
      lost.map((watched) => {
        if (holderOf(watched.place) === holder) watched.forgotten();
        return watched.tell();
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
