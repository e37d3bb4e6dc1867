import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnModuleInit, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import type { Server } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid, type ServerId } from '../kernel/ids.js';
import { serverInfoText } from '../kernel/own-result.js';
import { foldName } from '../kernel/names.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import { Log } from '../platform/log/log.js';
import { Database } from '../store/database.js';
import {
  changedSnapshot,
  emptySnapshot,
  type Snapshot,
  type SnapshotSettings,
} from './catalog.snapshot.js';
import { readAll, readWritten } from './catalog-reader.js';
import { buildView } from './catalog-view.js';
import type { CatalogView } from './entries.js';
import { SchemasService } from './schema/schemas.service.js';
import { EVERYTHING, visibilityOf } from './visibility.js';

/** Topic on the bus: some record of the catalog was written, here or elsewhere. */
export const CATALOG_CHANGED = 'catalog.changed';

const WINDOW_MS = 100;
/** Kinds of Callers whose views are kept; more of them start anew. */
const MAX_VISIBILITIES = 1_000;

type Views = Map<string, Map<ServerId | null, CatalogView>>;
type SwapListener = (previous: Snapshot, next: Snapshot) => void;

/** The read side of the registry: a Snapshot in memory, and what each kind of Caller sees of it. */
@Injectable()
export class CatalogService implements OnModuleInit, OnModuleDestroy {
  private readonly settings: SnapshotSettings;
  private current: Snapshot;
  private isReady = false;
  private views: Views = new Map();
  private readonly listeners = new Set<SwapListener>();
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    config: Config,
    private readonly log: Log,
    schemas: SchemasService,
    bus: MemoryBus,
  ) {
    this.settings = {
      separator: config.gatewayToolNameSeparator,
      serverInfo: serverInfoText(config.appName),
      hintLimits: { maxTtlMs: config.mcpListMaxTtlMs, isOpen: !config.authRequired },
      compile: (schemaText) => schemas.get(schemaText),
    };
    this.current = emptySnapshot(this.settings);
    this.unsubscribe = bus.subscribe(CATALOG_CHANGED, () => {
      this.schedule();
    });
  }

  get ready(): boolean {
    return this.isReady;
  }

  get snapshot(): Snapshot {
    return this.current;
  }

  async onModuleInit(): Promise<void> {
    await this.rebuild();
  }

  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    if (this.timer) clearTimeout(this.timer);
    await (this.next ?? this.running)?.catch(() => undefined);
  }

  /**
   * What this Caller sees, everywhere or of one Server. The same object until the next Snapshot.
   * @throws GatewayError `server_not_found` when it is absent, disabled or hidden
   */
  view(caller: Caller, serverId: ServerId | null): CatalogView {
    return this.views.get(caller.visibility)?.get(serverId) ?? this.makeView(caller, serverId);
  }

  /** As `view`; `null` where there is none any more. */
  findView(caller: Caller, serverId: ServerId | null): CatalogView | null {
    try {
      return this.view(caller, serverId);
    } catch (e) {
      if (e instanceof GatewayError) return null;
      throw e;
    }
  }

  /** A Server that this Caller may use, by id or name; `undefined` when absent, disabled or hidden. */
  findServer(idOrName: string, caller: Caller): Server | undefined {
    const id = parseUuid<ServerId>(idOrName);
    const server =
      (id && this.current.servers.get(id)) ?? this.current.serversByName.get(foldName(idOrName));
    return server?.enabled && visibilityOf(caller).server(server) ? server : undefined;
  }

  /** Reads what was written of the catalog before the call. Concurrent calls share one reading. */
  rebuild(): Promise<void> {
    // Between the end of one reading and the start of the next nothing runs, and one is due.
    if (this.next) return this.next;
    if (!this.running) return this.start();
    return (this.next = this.running
      .catch(() => undefined)
      .then(() => {
        this.next = null;
        return this.start();
      }));
  }

  /** @returns a function that ends the listening */
  onSwap(listener: SwapListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private start(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.running = this.load().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.rebuild().catch((error: unknown) => {
        this.log.error({ event: 'catalog.rebuild_failed', err: error });
      });
    }, WINDOW_MS).unref();
  }

  /** Everything the first time, then what this process has written since. The loop has its turns in between. */
  private async load(): Promise<void> {
    await nextTurn();
    const written = this.database.takeWritten();
    const { repositories } = this.database;
    try {
      const change = await (this.isReady
        ? readWritten(repositories, written)
        : readAll(repositories));
      await nextTurn();
      const next = changedSnapshot(this.current, change, this.settings);
      this.swap(next, await this.prepare(next));
    } catch (e) {
      this.database.giveBackWritten(written);
      throw e;
    }
  }

  /** The view that grows with the catalog, and what listeners are going to compare of it, turn by turn. */
  private async prepare(next: Snapshot): Promise<CatalogView | null> {
    const old = this.views.get(EVERYTHING.key)?.get(null);
    if (old === undefined || isSameEverything(this.current, next)) return null;
    await nextTurn();
    const view = buildView(next, EVERYTHING, null);
    for (const [kind, era] of old.compared()) {
      await nextTurn();
      view.listContent(kind, era);
    }
    await nextTurn();
    return view;
  }

  private swap(next: Snapshot, everything: CatalogView | null): void {
    const previous = this.current;
    this.current = next;
    this.views = everything
      ? new Map([[EVERYTHING.key, new Map([[null, everything]])]])
      : keptViews(this.views, previous, next);
    this.isReady = true;
    for (const listener of this.listeners) listener(previous, next);
  }

  private makeView(caller: Caller, serverId: ServerId | null): CatalogView {
    const visibility = visibilityOf(caller);
    const server = serverId === null ? null : this.current.servers.get(serverId);
    if (server === undefined || (server && !(server.enabled && visibility.server(server))))
      throw new GatewayError('server_not_found', { name: serverId ?? '' });
    const view = buildView(this.current, visibility, server);
    if (this.views.size > MAX_VISIBILITIES) this.views.clear();
    let ofCaller = this.views.get(caller.visibility);
    if (!ofCaller)
      this.views.set(caller.visibility, (ofCaller = new Map<ServerId | null, CatalogView>()));
    ofCaller.set(serverId, view);
    return view;
  }
}

/**
 * The views that a change leaves as they are: where nothing but Servers changed, those of everything and
 * of the other Servers, for Callers who are not bound to some.
 */
function keptViews(views: Views, previous: Snapshot, next: Snapshot): Views {
  const old = views.get(EVERYTHING.key);
  if (old === undefined || !isSameEverything(previous, next)) return new Map();
  const kept = [...old].filter(
    ([id]) => id === null || next.servers.get(id) === previous.servers.get(id),
  );
  return new Map([[EVERYTHING.key, new Map(kept)]]);
}

/** Whether two Snapshots differ in nothing but their Servers. */
function isSameEverything(a: Snapshot, b: Snapshot): boolean {
  return (
    a.tools === b.tools &&
    a.resources === b.resources &&
    a.prompts === b.prompts &&
    a.gateways === b.gateways
  );
}
