/** Kinds of records whose use is added up (API.md §2.1 `metrics`). */
export const MEASURED_KINDS = ['tool', 'resource', 'prompt', 'server', 'gateway'] as const;
export type MeasuredKind = (typeof MEASURED_KINDS)[number];

/** How often a record was used, and how that went. Times in seconds. */
export interface ItemMetrics {
  /** `tool:<id>` */
  readonly id: string;
  readonly total: number;
  readonly failed: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly sumSeconds: number;
  /** End of the last use, ISO 8601 UTC. */
  readonly lastAt: string;
}

/** The sum of two measurements, whatever their ids; that of the first stays. */
export function addMetrics(a: ItemMetrics, b: ItemMetrics): ItemMetrics {
  return {
    id: a.id,
    total: a.total + b.total,
    failed: a.failed + b.failed,
    minSeconds: Math.min(a.minSeconds, b.minSeconds),
    maxSeconds: Math.max(a.maxSeconds, b.maxSeconds),
    sumSeconds: a.sumSeconds + b.sumSeconds,
    lastAt: a.lastAt > b.lastAt ? a.lastAt : b.lastAt,
  };
}

/** The `metrics` member of an entity; `undefined` = never used. */
export function metricsView(metrics: ItemMetrics | undefined): Readonly<Record<string, unknown>> {
  const { total = 0, failed = 0 } = metrics ?? {};
  return {
    totalExecutions: total,
    successfulExecutions: total - failed,
    failedExecutions: failed,
    failureRate: total === 0 ? 0 : failed / total,
    minResponseTime: metrics?.minSeconds ?? null,
    maxResponseTime: metrics?.maxSeconds ?? null,
    avgResponseTime: metrics === undefined ? null : metrics.sumSeconds / total,
    lastExecutionTime: metrics?.lastAt ?? null,
  };
}
