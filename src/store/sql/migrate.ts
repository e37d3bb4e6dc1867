import { MigrationExecutor, type DataSource } from 'typeorm';
import { StoreStartError } from '../store-start-error.js';
import { whileBusy } from './gate.js';

/** Longest wait for another process that migrates the same file. */
const LOCK_WAIT_MS = 120_000;

const known = (dataSource: DataSource): Set<string> =>
  new Set(dataSource.migrations.map((m) => m.name ?? m.constructor.name));

const applied = async (dataSource: DataSource): Promise<string[]> =>
  (await new MigrationExecutor(dataSource).getExecutedMigrations()).map((m) => m.name);

/**
 * Brings the schema up to date, all of it or nothing. The write lock of the file is taken first, so
 * of several processes that start together one migrates and the others find nothing left to do.
 * @returns names of the migrations that ran
 * @throws StoreStartError when a newer version has migrated the database
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  // Has no effect inside a transaction, where the ORM would ask for it.
  await dataSource.query('PRAGMA foreign_keys = OFF');
  await whileBusy(() => dataSource.query('BEGIN IMMEDIATE'), performance.now() + LOCK_WAIT_MS);
  try {
    const newer = await unknownMigrations(dataSource);
    if (newer.length > 0)
      throw new StoreStartError(
        `a newer version has changed the database (${newer.join(', ')})`,
        'Start that version or a later one, or restore the backup from before the update',
      );
    const ran = await dataSource.runMigrations({ transaction: 'none' });
    await dataSource.query('COMMIT');
    return ran.map((migration) => migration.name);
  } catch (e) {
    await dataSource.query('ROLLBACK').catch(() => undefined);
    throw e;
  } finally {
    await dataSource.query('PRAGMA foreign_keys = ON');
  }
}

async function unknownMigrations(dataSource: DataSource): Promise<string[]> {
  const names = known(dataSource);
  return (await applied(dataSource)).filter((name) => !names.has(name));
}

/** How many migrations of this version the database has not seen. */
export async function countPending(dataSource: DataSource): Promise<number> {
  const done = new Set(await applied(dataSource));
  return [...known(dataSource)].filter((name) => !done.has(name)).length;
}
