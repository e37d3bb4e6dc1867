import type { Caller } from '../kernel/caller.js';
import type { Server } from '../kernel/catalog.js';
import type { Snapshot } from './catalog.snapshot.js';
import { chooseMembers, type Members } from './members.js';
import { visibilityOf } from './visibility.js';

/** The records a Caller may see, disabled ones included: for the API, by the decision that calls use too. */
export function visibleRows(
  snapshot: Snapshot,
  caller: Caller,
  server: Server | null = null,
): Members {
  return chooseMembers(snapshot, visibilityOf(caller), server);
}
