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
import { buildSnapshot, type Snapshot } from './catalog.snapshot.js';
import { buildView } from './catalog-view.js';
import type { CatalogView } from './entries.js';
import { SchemasService } from './schema/schemas.service.js';
import { visibilityOf } from './visibility.js';

/** Topic on the bus: some record of the catalog was written, here or elsewhere. */
export const CATALOG_CHANGED = 'catalog.changed';

const WINDOW_MS = 100;
/** Kinds of Callers whose views are kept; more of them start anew. */
const MAX_VISIBILITIES = 1_000;

type SwapListener = (previous: Snapshot, next: Snapshot) => void;

/** The read side of the registry: a Snapshot in memory, and what each kind of Caller sees of it. */
@Injectable()
export class CatalogService implements OnModuleInit, OnModuleDestroy {
  private current: Snapshot;
  private isReady = false;
  private views = new Map<string, Map<ServerId | null, CatalogView>>();
  private readonly listeners = new Set<SwapListener>();
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly log: Log,
    private readonly schemas: SchemasService,
    bus: MemoryBus,
  ) {
    this.current = this.build({ gateways: [], tools: [], resources: [], prompts: [], servers: [] });
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

  /** Reads the catalog anew, including all that was written before the call. Concurrent calls share one. */
  rebuild(): Promise<void> {
    if (!this.running) return this.start();
    return (this.next ??= this.running
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

  private async load(): Promise<void> {
    const { gateways, tools, resources, prompts, servers } = this.database.repositories;
    const next = this.build({
      gateways: await gateways.all(),
      tools: await tools.all(),
      resources: await resources.all(),
      prompts: await prompts.all(),
      servers: await servers.all(),
    });
    const previous = this.current;
    this.current = next;
    this.views = new Map();
    this.isReady = true;
    for (const listener of this.listeners) listener(previous, next);
  }

  private build(rows: Parameters<typeof buildSnapshot>[0]): Snapshot {
    return buildSnapshot(rows, {
      separator: this.config.gatewayToolNameSeparator,
      serverInfo: serverInfoText(this.config.appName),
      hintLimits: { maxTtlMs: this.config.mcpListMaxTtlMs, isOpen: !this.config.authRequired },
      compile: (schemaText) => this.schemas.get(schemaText),
    });
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
