import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { type CallRecord, callIdAt } from '../kernel/call-record.js';
import type { Server } from '../kernel/catalog.js';
import { SYSTEM_ACTOR } from '../kernel/caller.js';
import { createdStamp } from '../kernel/audit-metadata.js';
import type { ServerId, ToolId } from '../kernel/ids.js';
import { Database } from './database.js';
import { DuplicateError } from './port.js';
import { openDataSource } from './sql/data-source.js';
import { migrate } from './sql/migrate.js';
import { loadMigrations } from './sql/migration-files.js';

const aServer = (name: string, more: Partial<Server> = {}): Server => ({
  ...createdStamp(SYSTEM_ACTOR, new Date(0)),
  id: `id-${name}` as ServerId,
  enabled: true,
  tags: [],
  meta: {},
  name,
  description: null,
  icon: null,
  instructions: null,
  nameMode: 'gateway',
  toolIds: ['t1' as ToolId],
  resourceIds: [],
  promptIds: [],
  memberNames: { t1: 'x' },
  maxCallsPerMinute: 0,
  ...more,
});

const aCall = (n: number): CallRecord => ({
  id: `${callIdAt(Date.parse('2026-01-01T00:00:00Z') + n)}-${String(n)}`,
  at: `2026-01-01T00:00:00.${String(n).padStart(3, '0')}Z`,
  principal: n % 2 === 0 ? 'alice' : 'bob',
  client: null,
  serverId: null,
  gateway: 'g',
  tool: 'g-echo',
  method: 'tools/call',
  outcome: 'success',
  durationMs: 1.25,
  requestBytes: 10,
  resultBytes: 20,
  ip: '127.0.0.1',
});

describe('the database', () => {
  let folder: string;
  let file: string;
  const opened: Database[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'db-'));
    file = join(folder, 'deep', 'gateway.db');
  });

  afterEach(async () => {
    for (const database of opened.splice(0)) await database.onApplicationShutdown();
    rmSync(folder, { recursive: true });
  });

  const open = async (url = `sqlite:///${file}`): Promise<Database> => {
    const database = await Database.open({ url, busyTimeoutMs: 1000 });
    opened.push(database);
    return database;
  };
  const closeAll = async (): Promise<void> => {
    for (const database of opened.splice(0)) await database.onApplicationShutdown();
  };

  it('keeps records over a restart', async () => {
    await (await open()).repositories.servers.insert([aServer('a')]);
    await closeAll();
    const again = await open();
    expect(again.migrated).toEqual([]);
    expect(await again.repositories.servers.all()).toEqual([aServer('a')]);
    expect(await again.pendingMigrations()).toBe(0);
    expect((await again.probe()).dialect).toBe('sqlite');
  });

  it('changes a record only while it has the expected version', async () => {
    const { servers } = (await open('sqlite::memory:')).repositories;
    await servers.insert([aServer('a')]);
    const id = 'id-a' as ServerId;
    expect(await servers.update(id, { description: 'x', version: 2 }, 1)).toBe(true);
    expect(await servers.update(id, { description: 'y', version: 2 }, 1)).toBe(false);
    expect(await servers.find(id)).toMatchObject({ description: 'x', version: 2 });
    await expect(servers.insert([aServer('a', { id: 'other' as ServerId })])).rejects.toThrow(
      DuplicateError,
    );
    expect(await servers.delete(id)).toBe(true);
    expect(await servers.delete(id)).toBe(false);
  });

  it('undoes everything of a failed transaction', async () => {
    const database = await open('sqlite::memory:');
    const failing = database.transaction(async (r) => {
      await r.servers.insert([aServer('a')]);
      await r.settings.set('k', 'v');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await database.repositories.servers.all()).toEqual([]);
    expect(await database.repositories.settings.get('k')).toBeUndefined();
  });

  it('pages and prunes the call log', async () => {
    const { calls } = (await open('sqlite::memory:')).repositories;
    await calls.append(Array.from({ length: 10 }, (_, n) => aCall(n)));
    const first = await calls.page({ limit: 3, filters: { principal: 'alice' } });
    expect(first).toEqual([aCall(8), aCall(6), aCall(4)]);
    const rest = await calls.page({
      limit: 9,
      filters: { principal: 'alice', from: aCall(1).at },
      before: aCall(4).id,
    });
    expect(rest).toEqual([aCall(2)]);
    expect(await calls.pruneOlderThan(aCall(7).at)).toBe(7);
    expect(await calls.page({ limit: 100 })).toEqual([aCall(9), aCall(8), aCall(7)]);
  });

  it('keeps settings, the first one when asked so', async () => {
    const { settings } = (await open('sqlite::memory:')).repositories;
    await settings.set('a', '1');
    await settings.set('a', '2');
    expect(await settings.setIfAbsent('a', '3')).toBe('2');
    expect(await settings.setIfAbsent('b', '4')).toBe('4');
    await settings.delete('a');
    expect(await settings.get('a')).toBeUndefined();
  });

  it('has a schema that the migrations make without drift', async () => {
    const dataSource = await openDataSource({ type: 'better-sqlite3', file: ':memory:' }, 100);
    await migrate(dataSource);
    const drift = await dataSource.driver.createSchemaBuilder().log();
    expect(drift.upQueries.map((q) => q.query)).toEqual([]);
    let undone = 0;
    while (loadMigrations().length > undone++) await dataSource.undoLastMigration();
    const left = await dataSource.query<{ name: string }[]>(
      "SELECT name FROM sqlite_master WHERE name IN ('gateway', 'tool', 'call_log')",
    );
    expect(left).toEqual([]);
    await dataSource.destroy();
  });

  it('lets one of two migrate that start together', async () => {
    const both = await Promise.all([open(), open()]);
    expect(both.flatMap((database) => database.migrated)).toHaveLength(loadMigrations().length);
  });

  it('refuses a schema of a newer version', async () => {
    await open();
    await closeAll();
    const raw = new SqliteFile(file);
    raw.exec("INSERT INTO schema_migration (timestamp, name) VALUES (9, 'Later9')");
    raw.close();
    await expect(open()).rejects.toThrow(/a newer version has changed the database \(Later9\)/);
  });

  it('leaves no half schema behind when a migration fails', async () => {
    class Breaks1999999999999 {
      readonly name = 'Breaks1999999999999';
      up(): Promise<void> {
        return Promise.reject(new Error('out of luck'));
      }
      down(): Promise<void> {
        return Promise.resolve();
      }
    }
    const target = { type: 'better-sqlite3', file } as const;
    const dataSource = await openDataSource(target, 100, [
      ...loadMigrations(),
      Breaks1999999999999,
    ]);
    await expect(migrate(dataSource)).rejects.toThrow('out of luck');
    await dataSource.destroy();
    const raw = new SqliteFile(file);
    expect(raw.prepare('SELECT count(*) AS n FROM sqlite_master').get()).toEqual({ n: 0 });
    raw.close();
    expect((await open()).migrated).toHaveLength(loadMigrations().length);
  });

  it('refuses a damaged file and says what to do, leaving the file as it is', async () => {
    const { servers } = (await open()).repositories;
    await servers.insert(Array.from({ length: 200 }, (_, i) => aServer(`s${String(i)}`)));
    await closeAll();
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    const bytes = readFileSync(copy);
    bytes.fill(0x5a, 4096 * 2, statSync(copy).size - 4096);
    writeFileSync(copy, bytes);
    await expect(open(`sqlite:///${copy}`)).rejects.toThrow(/damaged.*put a backup in its place/);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    writeFileSync(copy, 'this is no database, but long enough to look like a file of some kind');
    await expect(open(`sqlite:///${copy}`)).rejects.toThrow(/damaged/);
  });

  it('refuses a file it cannot open', async () => {
    writeFileSync(join(folder, 'plain'), '');
    await expect(open(`sqlite:///${join(folder, 'plain', 'x.db')}`)).rejects.toThrow(
      /cannot be opened and written/,
    );
  });

  it.each([
    ['postgresql://u:secret@h/db', /kind 'postgresql' are not supported.*Supported now: sqlite/],
    ['sqlite:x.db', /not a SQLite URL of a known form/],
    ['mcp.db', /not a URL/],
  ])('refuses %s without repeating its password', async (url, message) => {
    const refused = open(url);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  it('shows its address', async () => {
    expect((await open('sqlite::memory:')).url()).toBe('sqlite::memory:');
    expect(await (opened[0] as Database).serverVersion()).toMatch(/^3\./);
  });
});
