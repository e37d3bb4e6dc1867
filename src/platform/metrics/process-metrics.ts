import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Metric } from 'prom-client';

let shared: Registry | undefined;

/**
 * The `process_*` and `nodejs_*` families. They describe the process, not an app, and their
 * observers can never be stopped: so there is one set, made when the first app asks.
 */
export function processMetrics(): readonly Metric[] {
  if (!shared) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
  }
  return shared.getMetricsAsArray() as unknown as Metric[]; // typed as descriptions, holds metrics
}
