import type { DataSource } from 'typeorm';
import type { Backing } from '../backing.js';
import { openDataSource, startError } from './data-source.js';
import { parseDatabaseUrl, shownUrl } from './database-url.js';
import { translate } from './failures.js';
import { SerialGate } from './gate.js';
import { countPending, migrate } from './migrate.js';
import { SqlStore } from './sql.store.js';

/**
 * Opens and migrates.
 * @param busyTimeoutMs longest wait for a lock that another process holds
 * @throws StoreStartError when the database cannot be used, with what to do
 */
export async function openSql(url: string, busyTimeoutMs: number): Promise<Backing> {
  const target = parseDatabaseUrl(url);
  const dataSource = await openDataSource(target, busyTimeoutMs);
  try {
    const migrated = await migrate(dataSource);
    return backingOf(dataSource, { url, busyTimeoutMs, migrated });
  } catch (e) {
    await dataSource.destroy();
    throw startError(e, target.file);
  }
}

function backingOf(
  dataSource: DataSource,
  { url, busyTimeoutMs, migrated }: { url: string; busyTimeoutMs: number; migrated: string[] },
): Backing {
  const gate = new SerialGate(busyTimeoutMs);
  return {
    store: new SqlStore(dataSource.manager, gate),
    dialect: 'sqlite',
    shownUrl: shownUrl(url),
    migrated,
    pendingMigrations: () =>
      gate
        .run(() => countPending(dataSource))
        .catch((e: unknown) => {
          throw translate(e);
        }),
    async serverVersion() {
      const rows = await gate.run(() =>
        dataSource.query<{ version: string }[]>('SELECT sqlite_version() AS version'),
      );
      return rows[0]?.version ?? 'unknown';
    },
    close: () => gate.run(() => dataSource.destroy()),
  };
}
