import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { storeContract, THING, thing } from '../../../test/drive/store-contract.js';
import type { Store } from '../port.js';
import { toEntitySchema } from './entity-schema.js';
import { SerialGate } from './gate.js';
import { SqlStore } from './sql.store.js';

const BUSY_TIMEOUT_MS = 150;

describe('the store on SQLite', () => {
  let folder: string;
  let file: string;
  let dataSource: DataSource;
  let store: Store;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(folder, 'x.db');
    dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: file,
      timeout: 0,
      enableWAL: true,
      entities: [toEntitySchema(THING)],
      synchronize: true,
    }).initialize();
    store = new SqlStore(dataSource.manager, new SerialGate(BUSY_TIMEOUT_MS));
  });

  afterEach(async () => {
    await dataSource.destroy();
    rmSync(folder, { recursive: true });
  });

  const things = () => store.repo(THING);
  const slugs = async (): Promise<string[]> =>
    (await things().find({}, { sort: { slug: 1 } })).map((row) => row.slug);

  storeContract(() => store);

  it('waits for a lock of another process without stopping the event loop', async () => {
    const other = new SqliteFile(file);
    other.exec('BEGIN EXCLUSIVE');
    let ticks = 0;
    const ticking = setInterval(() => {
      if (++ticks === 5) other.exec('COMMIT');
    }, 5);
    await things().insert([thing('late')]);
    clearInterval(ticking);
    other.close();
    expect(ticks).toBeGreaterThanOrEqual(5);
    expect(await slugs()).toEqual(['late']);
  });

  it('gives up after the busy timeout with an error that says to come back', async () => {
    const other = new SqliteFile(file);
    other.exec('BEGIN EXCLUSIVE');
    const attempts = [
      things().insert([thing('a')]),
      things().insert([thing('b')]),
      store.transaction((tx) => tx.repo(THING).insert([thing('c')])),
    ];
    const start = performance.now();
    for (const result of await Promise.allSettled(attempts))
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'dependency_unavailable', extras: { retryAfterSeconds: 5 } },
      });
    expect(performance.now() - start).toBeLessThan(BUSY_TIMEOUT_MS * 3);
    other.exec('ROLLBACK');
    other.close();
    await things().insert([thing('a')]);
  });
});
