/** One line of `checks` on `/health` (API.md §4). */
export interface Check {
  readonly status: 'up' | 'down' | 'degraded';
  readonly required: boolean;
  readonly latencyMs?: number;
  readonly error?: string;
  /** Gateways: how many are enabled, and how many of those answer. */
  readonly total?: number;
  readonly up?: number;
}

export interface Checks {
  readonly database: Check;
  readonly migrations: Check;
  readonly gateways: Check;
}

/**
 * First failing check that counts, in words; `null` when all required ones are up.
 * @param details whether the text of its error may be seen
 */
export function firstFailure(checks: Checks, details: boolean): string | null {
  for (const [name, check] of Object.entries(checks) as [string, Check][])
    if (check.required && check.status === 'down')
      return (details ? check.error : undefined) ?? `The ${name} check fails`;
  return null;
}

export function isDegraded(checks: Checks): boolean {
  return Object.values(checks).some((check: Check) => check.status !== 'up');
}

/** The body of `/health`. @param details whether latencies and error texts may be seen */
export function healthBody(
  checks: Checks,
  facts: { version: string; uptimeSeconds: number; draining: boolean },
  details: boolean,
): { ok: boolean; body: Record<string, unknown> } {
  const failure = facts.draining ? 'Shutting down' : firstFailure(checks, details);
  const shown = Object.entries(checks).map(([name, check]: [string, Check]) => {
    const { latencyMs, error, ...rest } = check;
    if (!details) return [name, rest] as const;
    return [
      name,
      {
        ...rest,
        ...(latencyMs === undefined ? {} : { latency_ms: latencyMs }),
        ...(error === undefined ? {} : { error }),
      },
    ] as const;
  });
  return {
    ok: failure === null,
    body: {
      status: failure === null ? 'healthy' : 'unhealthy',
      version: facts.version,
      uptime_seconds: facts.uptimeSeconds,
      degraded: isDegraded(checks),
      ...(failure === null ? {} : { error: failure }),
      checks: Object.fromEntries(shown),
    },
  };
}
