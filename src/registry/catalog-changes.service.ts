import { Injectable } from '@nestjs/common';
import type { ErrorParams } from '../kernel/errors.js';
import { GatewayError } from '../kernel/errors.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import { Database, type Repositories } from '../store/database.js';
import { DuplicateError } from '../store/port.js';
import { CATALOG_CHANGED, CatalogService } from './catalog.service.js';

/** The one way in which the catalog is written: one transaction, then the announcement. */
@Injectable()
export class CatalogChanges {
  constructor(
    private readonly database: Database,
    private readonly bus: MemoryBus,
    private readonly catalog: CatalogService,
  ) {}

  get repositories(): Repositories {
    return this.database.repositories;
  }

  /**
   * All of `work` or nothing; afterwards the Snapshot holds it.
   * @param taken names what was written, for the error when another writer was faster
   * @throws GatewayError `name_conflict`
   */
  async write<T>(
    taken: ErrorParams<'name_conflict'>,
    work: (repositories: Repositories) => Promise<T>,
  ): Promise<T> {
    const result = await this.commit(taken, work);
    await this.settle();
    return result;
  }

  /** The transaction alone, for writers that announce only what makes a difference. */
  commit<T>(
    taken: ErrorParams<'name_conflict'>,
    work: (repositories: Repositories) => Promise<T>,
  ): Promise<T> {
    return this.database.transaction(work).catch((e: unknown) => {
      if (e instanceof DuplicateError) throw new GatewayError('name_conflict', taken, { cause: e });
      throw e;
    });
  }

  /** Announces, and waits until the Snapshot holds what was written. */
  async settle(): Promise<void> {
    this.announce();
    // Let our own listener hear it first, so that this rebuild counts as the answer to it.
    await Promise.resolve();
    await this.catalog.rebuild();
  }

  /** Tells everyone; this process reads again within 100 ms unless it did so meanwhile. */
  announce(): void {
    this.bus.publish(CATALOG_CHANGED, null);
  }
}
