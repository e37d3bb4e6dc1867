import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { addMetrics, type ItemMetrics, type MeasuredKind } from '../kernel/item-metrics.js';
import { Log } from '../platform/log/log.js';
import { Database } from '../store/database.js';

const FLUSH_MS = 2_000;

/** What has happened to one record since the last flush. */
class Tally {
  total = 0;
  failed = 0;
  minSeconds = Infinity;
  maxSeconds = 0;
  sumSeconds = 0;
  lastMs = 0;

  add(isFailure: boolean, seconds: number): void {
    this.total++;
    if (isFailure) this.failed++;
    if (seconds < this.minSeconds) this.minSeconds = seconds;
    if (seconds > this.maxSeconds) this.maxSeconds = seconds;
    this.sumSeconds += seconds;
    this.lastMs = Date.now();
  }

  toMetrics(id: string): ItemMetrics {
    const { lastMs, total, failed, minSeconds, maxSeconds, sumSeconds } = this;
    const lastAt = new Date(lastMs).toISOString();
    return { id, total, failed, minSeconds, maxSeconds, sumSeconds, lastAt };
  }
}

type Tallies = Record<MeasuredKind, Map<string, Tally>>;
const none = (): Tallies => ({
  tool: new Map(),
  resource: new Map(),
  prompt: new Map(),
  server: new Map(),
  gateway: new Map(),
});

/**
 * Adds up how often records are used. Calls only count in memory; every two seconds what came in is
 * added to the stored sums, so that several processes may count.
 */
@Injectable()
export class ItemTally implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly stored = new Map<string, ItemMetrics>();
  private fresh = none();
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const row of await this.database.repositories.metrics.all()) this.stored.set(row.id, row);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.flush();
  }

  /** Once more: calls may have ended while the servers closed. */
  onApplicationShutdown(): Promise<void> {
    return this.flush();
  }

  count(kind: MeasuredKind, id: string, isFailure: boolean, seconds: number): void {
    const tallies = this.fresh[kind];
    let tally = tallies.get(id);
    if (tally === undefined) tallies.set(id, (tally = new Tally()));
    tally.add(isFailure, seconds);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** @returns `undefined` for what was never used */
  of(kind: MeasuredKind, id: string): ItemMetrics | undefined {
    const key = `${kind}:${id}`;
    return sum(this.stored.get(key), this.fresh[kind].get(id)?.toMetrics(key));
  }

  /** Of all records of a kind together, those that are gone included. */
  ofAll(kind: MeasuredKind): ItemMetrics | undefined {
    let all: ItemMetrics | undefined;
    for (const row of this.stored.values()) if (row.id.startsWith(`${kind}:`)) all = sum(all, row);
    for (const [id, tally] of this.fresh[kind]) all = sum(all, tally.toMetrics(`${kind}:${id}`));
    return all;
  }

  /** Starts anew: one record, all of some kinds. @param id `null` = all */
  async reset(kinds: readonly MeasuredKind[], id: string | null): Promise<void> {
    await this.flush();
    const isMeant = (key: string): boolean =>
      kinds.some((kind) => (id === null ? key.startsWith(`${kind}:`) : key === `${kind}:${id}`));
    const keys = [...this.stored.keys()].filter(isMeant);
    await this.database.repositories.metrics.delete(keys);
    for (const key of keys) this.stored.delete(key);
  }

  /** Stores what came in; what cannot be stored is shown until the end of the process, then lost. Never throws. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (this.flushing !== null) await this.flushing;
    const rows = Object.entries(this.fresh).flatMap(([kind, tallies]) =>
      [...tallies].map(([id, tally]) => tally.toMetrics(`${kind}:${id}`)),
    );
    if (rows.length === 0) return;
    this.fresh = none();
    // Shown at once; the stored sums, which others add to, replace it.
    for (const row of rows) this.stored.set(row.id, sum(this.stored.get(row.id), row) ?? row);
    this.flushing = this.store(rows);
    await this.flushing;
    this.flushing = null;
  }

  private async store(rows: readonly ItemMetrics[]): Promise<void> {
    try {
      const sums = await this.database.transaction((r) => r.metrics.add(rows));
      for (const row of sums) this.stored.set(row.id, row);
    } catch (error) {
      this.log.warn({ event: 'metrics.write_failed', lost: rows.length, err: error });
    }
  }
}

function sum(a: ItemMetrics | undefined, b: ItemMetrics | undefined): ItemMetrics | undefined {
  return a === undefined || b === undefined ? (a ?? b) : addMetrics(a, b);
}
