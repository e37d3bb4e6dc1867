import { Table, TableIndex, type QueryRunner, type TableColumnOptions } from 'typeorm';

type Kind = (runner: QueryRunner) => Partial<TableColumnOptions>;

const normalized =
  (
    type:
      StringConstructor | NumberConstructor | BooleanConstructor | 'varchar' | 'double precision',
  ): Kind =>
  (runner) => ({ type: runner.dataSource.driver.normalizeType({ type }) });

const isMySql = (runner: QueryRunner): boolean =>
  ['mysql', 'mariadb'].includes(runner.dataSource.options.type);

const str =
  (length: number): Kind =>
  (runner) => ({ ...normalized('varchar')(runner), length: String(length) });

/** Column kinds: one word each, every database's own type. A shipped migration relies on them. */
export const kinds = {
  id: (runner: QueryRunner) => ({ ...str(64)(runner), isPrimary: true }),
  str,
  /** `text` of MySQL ends at 64 KB. */
  text: (runner: QueryRunner) => ({ type: isMySql(runner) ? 'longtext' : 'text' }),
  time: str(24),
  bool: normalized(Boolean),
  int: normalized(Number),
  double: normalized('double precision'),
} as const;

/** A column that may hold null. */
export const orNull =
  (kind: Kind): Kind =>
  (runner) => ({ ...kind(runner), isNullable: true });

/** Makes a table; MySQL knows unique indices only, so uniqueness is an index everywhere. */
export async function createTable(
  runner: QueryRunner,
  name: string,
  columns: Readonly<Record<string, Kind>>,
  keys: { unique?: string[][]; index?: string[][] } = {},
): Promise<void> {
  const made = Object.entries(columns).map(
    ([column, kind]) => ({ name: column, ...kind(runner) }) as TableColumnOptions,
  );
  await runner.createTable(new Table({ name, columns: made }));
  const indices = [
    ...(keys.unique ?? []).map((c) => ({ name: `uq_${name}_${c.join('_')}`, c, isUnique: true })),
    ...(keys.index ?? []).map((c) => ({ name: `ix_${name}_${c.join('_')}`, c, isUnique: false })),
  ];
  for (const { name: indexName, c, isUnique } of indices)
    await runner.createIndex(name, new TableIndex({ name: indexName, columnNames: c, isUnique }));
}

/** Names differ by case everywhere, as they do on SQLite and PostgreSQL anyway. */
export async function compareCaseSensitively(runner: QueryRunner): Promise<void> {
  if (isMySql(runner))
    await runner.query('ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
}
