import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { KeptSessions } from './kept-sessions.js';
import type { PooledSession } from './pooled-session.js';

/** How many upstream sessions there may be. */
export interface RoomLimits {
  readonly total: number;
  readonly perGateway: number;
  readonly perPrincipal: number;
}

/** Whoever has not used a session for so long may lose it to somebody who needs one now. */
const SPARE_AFTER_MS = 60_000;

interface Rule {
  readonly limit: number;
  readonly counts: (session: PooledSession) => boolean;
  readonly what: string;
}

/**
 * Looks for room for one more session; where a limit is reached the longest unused one goes.
 * @returns the sessions that have to go first
 * @throws GatewayError `overloaded` when all that count are in use
 */
export function makeRoom(
  sessions: ReadonlySet<PooledSession>,
  wanted: { readonly gateway: Gateway; readonly owner: string },
  limits: RoomLimits,
  kept: KeptSessions,
): PooledSession[] {
  const going: PooledSession[] = [];
  for (const rule of rulesFor(wanted, limits)) {
    const counted = [...sessions].filter((s) => rule.counts(s) && !going.includes(s));
    if (counted.length < rule.limit) continue;
    const spare = longestUnused(counted, kept);
    if (spare === undefined)
      throw new GatewayError('overloaded', { what: rule.what }, { retryAfterSeconds: 1 });
    going.push(spare);
  }
  return going;
}

function rulesFor(
  { gateway, owner }: { readonly gateway: Gateway; readonly owner: string },
  limits: RoomLimits,
): Rule[] {
  const isOfGateway = (s: PooledSession): boolean => s.gatewayId === gateway.id;
  return [
    { limit: limits.total, counts: () => true, what: 'Too many upstream sessions' },
    {
      limit: limits.perGateway,
      counts: isOfGateway,
      what: `Too many sessions with gateway ${gateway.slug}`,
    },
    {
      limit: limits.perPrincipal,
      counts: (s) => s.owner === owner,
      what: 'Too many upstream sessions of one principal',
    },
  ];
}

function longestUnused(
  sessions: readonly PooledSession[],
  kept: KeptSessions,
): PooledSession | undefined {
  const before = performance.now() - SPARE_AFTER_MS;
  let found: PooledSession | undefined;
  for (const session of sessions)
    if (session.idleSince < (found?.idleSince ?? before) && kept.isUnused(session)) found = session;
  return found;
}
