import type { Backing } from '../backing.js';
import { CALL, IDEMPOTENCY } from '../definitions.js';
import { MemoryStore } from './memory.store.js';

/** A log that nobody reads must not fill the memory. */
const CALLS_KEPT = 1000;
const ANSWERS_KEPT = 1000;

export function memoryBacking(shownUrl: string): Backing {
  return {
    store: new MemoryStore({ [CALL.name]: CALLS_KEPT, [IDEMPOTENCY.name]: ANSWERS_KEPT }),
    dialect: 'memory',
    shownUrl,
    migrated: [],
    pendingMigrations: () => Promise.resolve(0),
    serverVersion: () => Promise.resolve(process.version),
    close: () => Promise.resolve(),
  };
}
