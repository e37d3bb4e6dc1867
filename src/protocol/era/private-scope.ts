import { RELAYED, scanJson } from '../../kernel/json-scan.js';

/** Nearly every result that is public says so in these words; what it contains may do so too. */
const SAYS_PUBLIC = /"cacheScope"\s*:\s*"public"/;

/** What an upstream lets everybody keep, for the one client that may have it from us (26 Caching). */
export function keptPrivate(result: string): string {
  if (!SAYS_PUBLIC.test(result)) return result;
  const { top } = scanJson(result, RELAYED);
  if (top.string('cacheScope') !== 'public') return result;
  return top.spliced(new Map([['cacheScope', '"private"']]));
}
