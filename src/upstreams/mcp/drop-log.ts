import type { Gateway } from '../../kernel/catalog.js';
import type { Log } from '../../platform/log/log.js';
import type { Meters } from '../../platform/metrics/meters.js';

const LOGGED = 5;

/** Counts what one connection's upstream sent in vain, and logs the first few; never what it was. */
export function dropLog(gateway: Gateway, log: Log, meters: Meters): (reason: string) => void {
  let count = 0;
  return (reason) => {
    meters.dropped(reason);
    if (++count <= LOGGED) log.warn({ event: 'upstream.dropped', gateway: gateway.slug, reason });
  };
}
