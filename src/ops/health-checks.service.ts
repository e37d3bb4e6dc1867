import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DrainState } from '../platform/drain-state.js';
import { Log } from '../platform/log/log.js';
import { CatalogService } from '../registry/catalog.service.js';
import type { Check, Checks } from './checks.js';
import { firstFailure } from './checks.js';
import { DatabaseStatus } from './database-status.js';

const MAX_AGE_MS = 1000;
const MAX_CHECK_MS = 2000;

/** Runs the checks, at most once a second, and never calls an upstream (API.md §4). */
@Injectable()
export class HealthChecks {
  private running: Promise<Checks> | null = null;
  private startedAt = -Infinity;

  constructor(
    private readonly database: DatabaseStatus,
    private readonly catalog: CatalogService,
    private readonly drain: DrainState,
    private readonly indicators: HealthIndicatorService,
    private readonly log: Log,
  ) {}

  /** At most one second old. */
  current(): Promise<Checks> {
    const now = performance.now();
    if (this.running === null || now - this.startedAt >= MAX_AGE_MS) {
      this.startedAt = now;
      this.running = this.run();
    }
    return this.running;
  }

  /** Why this replica should get no requests now; `null` = it should. */
  async notReady(details: boolean): Promise<string | null> {
    if (this.drain.draining) return 'Shutting down';
    if (!this.catalog.ready) return 'Catalog is being loaded';
    return firstFailure(await this.current(), details);
  }

  get draining(): boolean {
    return this.drain.draining;
  }

  private async run(): Promise<Checks> {
    const [database, migrations] = await Promise.all([
      this.required('database', async () => {
        const { latencyMs } = await this.database.probe();
        return { latencyMs: Math.round(latencyMs) };
      }),
      this.required('migrations', async () => {
        const pending = await this.database.pendingMigrations();
        if (pending > 0) throw new Error(`${pending} migrations are pending`);
        return {};
      }),
    ]);
    return { database, migrations, gateways: this.gateways() };
  }

  private async required(
    key: string,
    check: () => Promise<{ latencyMs?: number }>,
  ): Promise<Check> {
    const indicator = this.indicators.check(key);
    try {
      const facts = await withinTime(check(), `${key} check`);
      return { ...indicator.up(facts)[key], required: true } as Check;
    } catch (e) {
      this.log.warn({ event: 'health.down', check: key, err: e });
      const error = e instanceof Error ? e.message : `${key} is down`;
      return { ...indicator.down({ error })[key], required: true } as Check;
    }
  }

  private gateways(): Check {
    const enabled = [...this.catalog.snapshot.gateways.values()].filter((g) => g.enabled);
    const total = enabled.length;
    const up = enabled.filter((gateway) => gateway.reachable).length;
    return { status: up < total ? 'degraded' : 'up', required: false, total, up };
  }
}

async function withinTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} took more than ${MAX_CHECK_MS} ms`));
    }, MAX_CHECK_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
