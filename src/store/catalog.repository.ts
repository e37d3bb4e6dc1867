import type { Gateway, Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Filter, Identified, Repo } from './port.js';

/** A record with the metadata that all five kinds share. */
interface Versioned extends Identified {
  readonly name: string;
  readonly createdAt: string;
  readonly version: number;
}

/** Records of one kind of the catalog, oldest first. Methods throw as those of the port do. */
export class CatalogRepository<T extends Versioned> {
  constructor(protected readonly repo: Repo<T>) {}

  all(): Promise<T[]> {
    return this.sorted({});
  }

  /** Who is there, without the rest of the records. */
  names(): Promise<Pick<T, 'id' | 'name'>[]> {
    return this.repo.pick(['id', 'name']);
  }

  find(id: T['id']): Promise<T | undefined> {
    return this.repo.get(id);
  }

  insert(rows: readonly T[]): Promise<void> {
    return this.repo.insert(rows);
  }

  /**
   * Changes one record.
   * @param ifVersion only while the record has this version
   * @returns whether there was such a record
   */
  async update(id: T['id'], patch: Partial<T>, ifVersion?: number): Promise<boolean> {
    const { id: _, ...fields } = patch;
    const filter = { id, ...(ifVersion === undefined ? {} : { version: ifVersion }) } as Filter<T>;
    return (await this.repo.update(filter, fields)) > 0;
  }

  /** @returns whether there was such a record */
  async delete(id: T['id']): Promise<boolean> {
    return (await this.repo.delete({ id })) > 0;
  }

  protected sorted(filter: Filter<T>): Promise<T[]> {
    return this.repo.find(filter, { sort: { createdAt: 1, id: 1 } as never });
  }
}

/** Records that came from a Gateway. */
export class FederatedRepository<
  T extends Versioned & { readonly gatewayId: GatewayId },
> extends CatalogRepository<T> {
  ofGateway(gatewayId: GatewayId): Promise<T[]> {
    return this.sorted({ gatewayId });
  }

  /** @returns how many went */
  deleteOfGateway(gatewayId: GatewayId): Promise<number> {
    return this.repo.delete({ gatewayId });
  }
}

export type GatewaysRepository = CatalogRepository<Gateway>;
export type ToolsRepository = FederatedRepository<Tool>;
export type ResourcesRepository = FederatedRepository<Resource>;
export type PromptsRepository = FederatedRepository<Prompt>;
export type ServersRepository = CatalogRepository<Server>;
