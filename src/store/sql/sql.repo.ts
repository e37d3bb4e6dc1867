import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Definition, Filter, FindOptions, Identified, Repo } from '../port.js';
import { translate } from './failures.js';
import type { Gate } from './gate.js';
import { Where } from './where.js';

/** SQLite takes 32,766 parameters in one statement, other databases more. */
const MAX_PARAMETERS = 30_000;
const ALIAS = 'e';
const MAX_INSERT_TEXTS = 16;

/** Runs work in a transaction, or in the one that is open. */
export type Atomically = <R>(work: (manager: EntityManager) => Promise<R>) => Promise<R>;

export class SqlRepo<T extends Identified> implements Repo<T> {
  private readonly insertTexts = new Map<number, string>();

  constructor(
    private readonly manager: EntityManager,
    private readonly definition: Definition<T>,
    private readonly gate: Gate,
    private readonly atomically: Atomically,
  ) {}

  async get(id: string): Promise<T | undefined> {
    const [row] = await this.find({ id });
    return row;
  }

  find(filter: Filter<T> = {}, options: FindOptions<T> = {}): Promise<T[]> {
    const query = this.select(filter);
    for (const [field, direction] of Object.entries(options.sort ?? {}))
      query.addOrderBy(`${ALIAS}.${field}`, direction === 1 ? 'ASC' : 'DESC');
    if (options.limit !== undefined) query.limit(options.limit);
    return this.run(() => this.read(query, ['id', ...Object.keys(this.definition.fields)]));
  }

  pick<K extends keyof T & string>(
    fields: readonly K[],
    filter: Filter<T> = {},
  ): Promise<Pick<T, K>[]> {
    return this.run(() => this.read(this.select(filter), fields));
  }

  count(filter: Filter<T> = {}): Promise<number> {
    return this.run(() => this.select(filter).getCount());
  }

  insert(rows: readonly T[]): Promise<void> {
    const perStatement = Math.floor(
      MAX_PARAMETERS / (Object.keys(this.definition.fields).length + 1),
    );
    if (rows.length <= perStatement) return this.run(() => this.insertAll(this.manager, rows));
    return this.atomically(async (manager) => {
      for (let i = 0; i < rows.length; i += perStatement)
        await this.insertAll(manager, rows.slice(i, i + perStatement));
    });
  }

  update(filter: Filter<T>, patch: Partial<Omit<T, 'id'>>): Promise<number> {
    const query = this.table(this.manager).createQueryBuilder().update().set(patch).where('1=1');
    this.plainWhere().add(query, filter);
    return this.run(async () => (await query.execute()).affected ?? 0);
  }

  increment(filter: Filter<T>, field: keyof T & string, by: number): Promise<number> {
    const sum = `${this.escape(field)} + ${String(by)}`;
    const query = this.table(this.manager)
      .createQueryBuilder()
      .update()
      .set({ [field]: () => sum })
      .where('1=1');
    this.plainWhere().add(query, filter);
    return this.run(async () => (await query.execute()).affected ?? 0);
  }

  delete(filter: Filter<T>): Promise<number> {
    const query = this.table(this.manager).createQueryBuilder().delete().where('1=1');
    this.plainWhere().add(query, filter);
    return this.run(async () => (await query.execute()).affected ?? 0);
  }

  private async run<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await this.gate.run(work);
    } catch (e) {
      throw translate(e);
    }
  }

  /**
   * Plain text and parameters: the ORM's query builder takes time that grows with the square of the
   * rows. Equal texts are prepared once.
   */
  private async insertAll(manager: EntityManager, rows: readonly T[]): Promise<void> {
    if (rows.length === 0) return;
    const { driver } = manager.dataSource;
    const { columns } = this.table(manager).metadata;
    const values: unknown[] = [];
    for (const row of rows)
      for (const column of columns)
        values.push(driver.preparePersistentValue(row[column.propertyName as keyof T], column));
    await manager.query(this.insertText(manager, rows.length), values);
  }

  /** Full batches of the call log are all alike: their text is kept. */
  private insertText(manager: EntityManager, rows: number): string {
    const known = this.insertTexts.get(rows);
    if (known !== undefined) return known;
    const { driver } = manager.dataSource;
    const { columns, tableName } = this.table(manager).metadata;
    const names = columns.map((column) => driver.escape(column.databaseName)).join(', ');
    const tuple = (_: unknown, row: number): string =>
      `(${columns.map((__, i) => driver.createParameter('p', row * columns.length + i)).join(', ')})`;
    const tuples = Array.from({ length: rows }, tuple).join(', ');
    const text = `INSERT INTO ${driver.escape(tableName)} (${names}) VALUES ${tuples}`;
    if (this.insertTexts.size >= MAX_INSERT_TEXTS) this.insertTexts.clear();
    this.insertTexts.set(rows, text);
    return text;
  }

  /** Without the ORM's way from rows to entities, which took as long as the database itself. */
  private async read(
    query: SelectQueryBuilder<ObjectLiteral>,
    fields: readonly string[],
  ): Promise<T[]> {
    const { driver } = this.manager.dataSource;
    const { columns } = this.table(this.manager).metadata;
    const wanted = columns.filter(({ propertyName }) => fields.includes(propertyName));
    query.select([]);
    for (const { propertyName } of wanted)
      query.addSelect(`${ALIAS}.${propertyName}`, propertyName);
    const rows = await query.getRawMany<Record<string, unknown>>();
    return rows.map((row) => {
      const record: Record<string, unknown> = {};
      for (const column of wanted)
        record[column.propertyName] = driver.prepareHydratedValue(
          row[column.propertyName],
          column,
        ) as unknown;
      return record as unknown as T;
    });
  }

  private select(filter: Filter<T>): SelectQueryBuilder<ObjectLiteral> {
    const query = this.table(this.manager).createQueryBuilder(ALIAS).where('1=1');
    new Where((field) => `${ALIAS}.${field}`).add(query, filter);
    return query;
  }

  /** Updates and deletes have no alias whose names the ORM would escape. */
  private plainWhere(): Where {
    return new Where((field) => this.escape(field));
  }

  private escape(field: string): string {
    return this.manager.dataSource.driver.escape(field);
  }

  private table(manager: EntityManager): ReturnType<EntityManager['getRepository']> {
    return manager.getRepository(this.definition.name);
  }
}
