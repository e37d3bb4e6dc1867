import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Gateway } from '../kernel/catalog.js';
import { CatalogService } from '../registry/catalog.service.js';
import type { Snapshot } from '../registry/catalog.snapshot.js';
import { Invoker } from '../upstreams/invoker.js';
import { ConnectionPool } from '../upstreams/mcp/connection.pool.js';
import { HealthService } from './health.service.js';
import { SyncLines } from './sync-lines.service.js';
import { SyncService } from './sync.service.js';

/** How often it is looked whether a periodic read is due. */
const TICK_MS = 1000;

/**
 * Follows the catalog: a sync session and checks for every enabled Gateway, none for others; what was
 * opened for a Gateway ends when it is changed or gone.
 */
@Injectable()
export class FederationService implements OnApplicationBootstrap, OnModuleDestroy {
  private ticking: NodeJS.Timeout | null = null;
  private stops: (() => void)[] = [];

  constructor(
    private readonly catalog: CatalogService,
    private readonly lines: SyncLines,
    private readonly sync: SyncService,
    private readonly health: HealthService,
    private readonly pool: ConnectionPool,
    private readonly invoker: Invoker,
  ) {}

  /** Opens in the background: no upstream delays the start. */
  onApplicationBootstrap(): void {
    this.pool.readAgain = (id) => this.sync.resync(id);
    this.pool.changeTold = (id, method, params) => {
      this.lines.get(id)?.noticed(method, params);
    };
    this.pool.processStarted = (id) => {
      if (this.lines.get(id)?.isResting === true) void this.health.check(id);
    };
    // A line that did not wake then, or was ended while they ran on, is checked like any other.
    this.health.serves = (id) => this.pool.hasProcess(id);
    this.stops = [
      this.catalog.onSwap((previous, next) => {
        this.follow(next, previous);
      }),
      this.health.onUp((id) => {
        this.invoker.closeCircuit(id);
      }),
    ];
    this.follow(this.catalog.snapshot, null);
    this.ticking = setInterval(() => {
      this.sync.refreshDue();
      this.lines.recheckDue();
      this.lines.restUnused((id) => this.pool.hasProcess(id));
    }, TICK_MS);
    this.ticking.unref();
  }

  async onModuleDestroy(): Promise<void> {
    for (const stop of this.stops) stop();
    if (this.ticking !== null) clearInterval(this.ticking);
    const stopped = Promise.all([this.health.stop(), this.sync.stop()]);
    // Ending the sessions ends what runs on them.
    await Promise.all(this.lines.all().map((line) => this.lines.drop(line.gateway.id)));
    await stopped;
  }

  private follow(next: Snapshot, previous: Snapshot | null): void {
    for (const gateway of next.gateways.values()) this.take(gateway);
    for (const before of previous?.gateways.values() ?? []) {
      const now = next.gateways.get(before.id);
      if (now === undefined || !now.enabled) this.end(before);
      if (now?.slug !== before.slug) this.health.forgetSlug(before.slug);
    }
  }

  private take(gateway: Gateway): void {
    if (!gateway.enabled) return;
    const line = this.lines.get(gateway.id);
    if (line?.fits(gateway) === true) {
      line.gateway = gateway;
      this.health.watch(gateway.id, line.isOpen);
      return;
    }
    if (line !== undefined) this.end(line.gateway);
    this.lines.keep(this.lines.make(gateway));
    this.health.watch(gateway.id, false);
  }

  private end(gateway: Gateway): void {
    if (this.lines.get(gateway.id) === undefined) return;
    this.health.unwatch(gateway);
    this.sync.forget(gateway.id);
    this.invoker.forget(gateway.id);
    // Failures of ending are the upstream's: there is nothing left to do about them.
    void this.lines.drop(gateway.id).catch(() => undefined);
    void this.pool.closeGateway(gateway.id).catch(() => undefined);
  }
}
