import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { MigrationInterface } from 'typeorm';

export type MigrationClass = new () => MigrationInterface;

/** `dist/migrations` beside the compiled store, or the sources when those run. */
const FOLDERS = ['../../migrations', '../../../migrations'];
const FILE = /^\d+-[\w-]+\.(js|ts)$/;

/** The migrations this version knows, oldest first. */
export function loadMigrations(): MigrationClass[] {
  const folder = FOLDERS.map((path) => resolve(__dirname, path)).find((path) => existsSync(path));
  if (folder === undefined) throw new Error('the folder of migrations is missing');
  const load = createRequire(__filename);
  return readdirSync(folder)
    .filter((name) => FILE.test(name))
    .sort()
    .flatMap((name) =>
      Object.values(load(join(folder, name)) as Record<string, MigrationClass>).filter(
        (exported) => typeof exported === 'function',
      ),
    );
}
