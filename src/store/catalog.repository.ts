import type { Gateway, Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Condition, Filter, Identified, Repo } from './port.js';

/** A record with the metadata that all five kinds share. */
interface Versioned extends Identified {
  readonly name: string;
  readonly createdAt: string;
  readonly version: number;
}

/** Values in one query. */
const PER_QUESTION = 1_000;

/** Records of one kind of the catalog, oldest first. Methods throw as those of the port do. */
export class CatalogRepository<T extends Versioned> {
  /** @param note hears of the id of every record that is written, whether or not that succeeds */
  constructor(
    protected readonly repo: Repo<T>,
    protected readonly note: (id: string) => void,
  ) {}

  all(): Promise<T[]> {
    return this.sorted({});
  }

  /** Who is there, without the rest of the records. */
  names(): Promise<Pick<T, 'id' | 'name'>[]> {
    return this.repo.pick(['id', 'name']);
  }

  /** Those of these names, all of them ASCII, that are in use, in whatever case. */
  takenNames(names: readonly string[]): Promise<string[]> {
    return this.known('name', names, (part) => ({ inAnyCase: part }));
  }

  /** Those of these ids that are in use. */
  takenIds(ids: readonly string[]): Promise<string[]> {
    return this.known('id', ids, (part) => ({ in: part }));
  }

  find(id: T['id']): Promise<T | undefined> {
    return this.repo.get(id);
  }

  /** Those of these that are there. */
  findAll(ids: readonly string[]): Promise<T[]> {
    return this.sorted({ id: { in: ids } });
  }

  async insert(rows: readonly T[]): Promise<void> {
    try {
      await this.repo.insert(rows);
    } finally {
      for (const { id } of rows) this.note(id);
    }
  }

  /**
   * Changes one record.
   * @param ifVersion only while the record has this version
   * @returns whether there was such a record
   */
  async update(id: T['id'], patch: Partial<T>, ifVersion?: number): Promise<boolean> {
    const { id: _, ...fields } = patch;
    const filter = { id, ...(ifVersion === undefined ? {} : { version: ifVersion }) } as Filter<T>;
    try {
      return (await this.repo.update(filter, fields)) > 0;
    } finally {
      this.note(id);
    }
  }

  /** @returns whether there was such a record */
  async delete(id: T['id']): Promise<boolean> {
    try {
      return (await this.repo.delete({ id })) > 0;
    } finally {
      this.note(id);
    }
  }

  /** A field of the records in which it has one of these values. */
  private async known(
    field: 'id' | 'name',
    values: readonly string[],
    among: (part: readonly string[]) => Condition,
  ): Promise<string[]> {
    const known: string[] = [];
    for (let at = 0; at < values.length; at += PER_QUESTION) {
      const filter = { [field]: among(values.slice(at, at + PER_QUESTION)) } as Filter<T>;
      for (const row of await this.repo.pick([field], filter)) known.push(row[field]);
    }
    return known;
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
  async deleteOfGateway(gatewayId: GatewayId): Promise<number> {
    const gone = await this.repo.pick(['id'], { gatewayId });
    try {
      return await this.repo.delete({ gatewayId });
    } finally {
      for (const { id } of gone) this.note(id);
    }
  }
}

export type GatewaysRepository = CatalogRepository<Gateway>;
export type ToolsRepository = FederatedRepository<Tool>;
export type ResourcesRepository = FederatedRepository<Resource>;
export type PromptsRepository = FederatedRepository<Prompt>;
export type ServersRepository = CatalogRepository<Server>;
