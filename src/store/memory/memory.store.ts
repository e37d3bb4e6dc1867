import {
  type Definition,
  DuplicateError,
  type Filter,
  type FindOptions,
  type Identified,
  type Repo,
  type Store,
} from '../port.js';
import { compare, matches } from './matches.js';

type Table = Map<string, Identified>;
type Tables = Map<string, Table>;

/** The store of a process that keeps nothing: plain maps, one piece of work at a time. */
export class MemoryStore implements Store {
  private last: Promise<unknown> = Promise.resolve();

  /** @param keepNewest records kept of a kind, by its name: for what is only ever appended to */
  constructor(
    private readonly keepNewest: Readonly<Record<string, number>> = {},
    private tables: Tables = new Map(),
  ) {}

  repo<T extends Identified>(definition: Definition<T>): Repo<T> {
    const most = this.keepNewest[definition.name] ?? Infinity;
    return new MemoryRepo<T>(definition, most, (work) =>
      this.turn(() => work(this.table(definition.name) as Map<string, T>)),
    );
  }

  transaction<R>(work: (tx: Store) => Promise<R>): Promise<R> {
    return this.turn(async () => {
      const copies = [...this.tables].map(([name, table]) => [name, new Map(table)] as const);
      const tx = new MemoryStore(this.keepNewest, new Map(copies));
      const result = await work(tx);
      this.tables = tx.tables;
      return result;
    });
  }

  private turn<R>(work: () => R | Promise<R>): Promise<R> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private table(name: string): Table {
    let table = this.tables.get(name);
    if (table === undefined) this.tables.set(name, (table = new Map<string, Identified>()));
    return table;
  }
}

class MemoryRepo<T extends Identified> implements Repo<T> {
  constructor(
    private readonly definition: Definition<T>,
    private readonly most: number,
    private readonly within: <R>(work: (table: Map<string, T>) => R) => Promise<R>,
  ) {}

  get(id: string): Promise<T | undefined> {
    return this.within((table) => copy(table.get(id)));
  }

  find(filter: Filter<T> = {}, { sort = {}, limit }: FindOptions<T> = {}): Promise<T[]> {
    return this.within((table) => {
      const order = Object.entries(sort) as [keyof T, 1 | -1][];
      const found = select(table, filter).sort((a, b) => {
        for (const [key, direction] of order) {
          const by = compare(a[key], b[key]);
          if (by !== 0) return by * direction;
        }
        return 0;
      });
      return found.slice(0, limit).map((row) => ({ ...row }));
    });
  }

  pick<K extends keyof T & string>(
    fields: readonly K[],
    filter: Filter<T> = {},
  ): Promise<Pick<T, K>[]> {
    return this.within((table) =>
      select(table, filter).map(
        (row) => Object.fromEntries(fields.map((field) => [field, row[field]])) as Pick<T, K>,
      ),
    );
  }

  count(filter: Filter<T> = {}): Promise<number> {
    return this.within((table) => select(table, filter).length);
  }

  insert(rows: readonly T[]): Promise<void> {
    return this.within((table) => {
      const ids = new Set(rows.map(({ id }) => id));
      if (ids.size < rows.length || rows.some(({ id }) => table.has(id))) throw taken();
      this.put(table, rows);
      for (const id of table.keys()) {
        if (table.size <= this.most) break;
        table.delete(id);
      }
    });
  }

  update(filter: Filter<T>, patch: Partial<Omit<T, 'id'>>): Promise<number> {
    return this.change(filter, (row) => ({ ...row, ...patch }));
  }

  increment(filter: Filter<T>, field: keyof T & string, by: number): Promise<number> {
    return this.change(filter, (row) => ({ ...row, [field]: Number(row[field]) + by }));
  }

  delete(filter: Filter<T>): Promise<number> {
    return this.within((table) => {
      const gone = select(table, filter);
      for (const { id } of gone) table.delete(id);
      return gone.length;
    });
  }

  private change(filter: Filter<T>, changed: (row: T) => T): Promise<number> {
    return this.within((table) => {
      const rows = select(table, filter).map(changed);
      this.put(table, rows);
      return rows.length;
    });
  }

  /** All or none. @throws DuplicateError */
  private put(table: Map<string, T>, rows: readonly T[]): void {
    const next = new Map(table);
    for (const row of rows) next.set(row.id, { ...row });
    for (const fields of this.definition.unique ?? []) requireUnique(next.values(), fields);
    for (const row of rows) table.set(row.id, { ...row });
  }
}

function select<T extends Identified>(table: Map<string, T>, filter: Filter<T>): T[] {
  return [...table.values()].filter((row) => matches(row, filter));
}

/** As in databases, nulls are not equal to each other. */
function requireUnique<T>(rows: Iterable<T>, fields: readonly (keyof T)[]): void {
  const seen = new Set<string>();
  for (const row of rows) {
    const values = fields.map((field) => row[field]);
    if (values.includes(null as T[keyof T])) continue;
    const key = JSON.stringify(values);
    if (seen.has(key)) throw taken();
    seen.add(key);
  }
}

function taken(): DuplicateError {
  return new DuplicateError('already exists');
}

function copy<T extends Identified>(row: T | undefined): T | undefined {
  return row === undefined ? undefined : { ...row };
}
