import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repositories } from '../store/database.js';
import type { CatalogKind, Written } from '../store/written.js';
import type { CatalogChange } from './catalog.snapshot.js';
import type { Changed } from './changed-rows.js';

/** Records read at a time; in between others have their turn. */
const SLICE = 200;

interface Readable<T> {
  all(): Promise<T[]>;
  findAll(ids: readonly string[]): Promise<T[]>;
}

/** Every record there is. */
export async function readAll(repositories: Repositories): Promise<CatalogChange> {
  const read = async <T extends { readonly id: string }>(
    repository: Readable<T>,
  ): Promise<Changed<T>> => {
    const rows = await repository.all();
    return { ids: new Set(rows.map(({ id }) => id)), rows };
  };
  const { gateways, tools, resources, prompts, servers } = repositories;
  return {
    gateways: await read(gateways),
    tools: await read(tools),
    resources: await read(resources),
    prompts: await read(prompts),
    servers: await read(servers),
  };
}

/** What became of the records that were written: the cost is theirs, however large the catalog. */
export async function readWritten(
  { gateways, tools, resources, prompts, servers }: Repositories,
  written: Written,
): Promise<CatalogChange> {
  const read = async <T>(kind: CatalogKind, repository: Readable<T>): Promise<Changed<T>> => {
    const ids = written.of(kind);
    const rows: T[] = [];
    const wanted = [...ids];
    for (let at = 0; at < wanted.length; at += SLICE) {
      if (at > 0) await nextTurn();
      rows.push(...(await repository.findAll(wanted.slice(at, at + SLICE))));
    }
    return { ids, rows };
  };
  return {
    gateways: await read('gateways', gateways),
    tools: await read('tools', tools),
    resources: await read('resources', resources),
    prompts: await read('prompts', prompts),
    servers: await read('servers', servers),
  };
}
