import { DataSource } from 'typeorm';
import { StoreStartError } from '../store-start-error.js';
import {
  CALL,
  GATEWAY,
  IDEMPOTENCY,
  ITEM_METRICS,
  PERSON_LOGIN,
  PROMPT,
  RESOURCE,
  SERVER,
  SETTING,
  TOOL,
} from '../definitions.js';
import type { SqliteTarget } from './database-url.js';
import { toEntitySchema } from './entity-schema.js';
import { driverCode } from './failures.js';
import { whileBusy } from './gate.js';
import { SILENT_LOGGER } from './silent-logger.js';
import { loadMigrations, type MigrationClass } from './migration-files.js';

export const MIGRATIONS_TABLE = 'schema_migration';

interface Pragmas {
  pragma(text: string): unknown;
}

/** What SQLite must be told before first use: survive power cuts, wait for nobody inside a call. */
function prepare(db: Pragmas): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  // 16 MB: pages of the call log are copied into the file when they are full, not at every turn.
  db.pragma('wal_autocheckpoint = 4000');
  const found = db.pragma('quick_check(1)') as { quick_check: string }[];
  if (found[0]?.quick_check !== 'ok') throw new DamagedError(found[0]?.quick_check ?? '');
}

class DamagedError extends Error {}

/**
 * Opens the database file; missing folders are made.
 * @param busyTimeoutMs longest wait for another process that holds its lock
 * @throws StoreStartError when it is damaged, no database, not accessible or locked
 */
export async function openDataSource(
  target: SqliteTarget,
  busyTimeoutMs: number,
  migrations: MigrationClass[] = loadMigrations(),
): Promise<DataSource> {
  const open = (): Promise<DataSource> =>
    new DataSource({
      type: target.type,
      database: target.file,
      // The gate waits without stopping the event loop; the driver would stop it.
      timeout: 0,
      prepareDatabase: prepare,
      entities: [
        toEntitySchema(GATEWAY),
        toEntitySchema(TOOL),
        toEntitySchema(RESOURCE),
        toEntitySchema(PROMPT),
        toEntitySchema(SERVER),
        toEntitySchema(CALL),
        toEntitySchema(ITEM_METRICS),
        toEntitySchema(IDEMPOTENCY),
        toEntitySchema(PERSON_LOGIN),
        toEntitySchema(SETTING),
      ],
      migrations,
      migrationsTableName: MIGRATIONS_TABLE,
      synchronize: false,
      logging: false,
      logger: SILENT_LOGGER,
    }).initialize();
  try {
    return await whileBusy(open, performance.now() + busyTimeoutMs);
  } catch (e) {
    throw startError(e, target.file);
  }
}

/** The same failure in words of the operator; anything unknown as it came. */
export function startError(error: unknown, file: string): unknown {
  const code = driverCode(error);
  if (error instanceof DamagedError || /^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new StoreStartError(
      `the database file ${file} is damaged or not a SQLite database`,
      'Keep a copy of it, then put a backup in its place, or recover what is readable with: ' +
        `sqlite3 ${file} .recover | sqlite3 recovered.db`,
      error,
    );
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new StoreStartError(
      `the database file ${file} is locked by another process`,
      'End that process, or raise DB_SQLITE_BUSY_TIMEOUT',
      error,
    );
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|IOERR|FULL)|E[A-Z]+$)/.test(code))
    return new StoreStartError(
      `the database file ${file} cannot be opened and written`,
      'Check that its folder exists, has free space, and that this user may write the file and the folder',
      error,
    );
  return error;
}
