import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { Log } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { Database } from '../store/database.js';
import { type PendingCall, toRecord } from './pending-call.js';

const MAX_QUEUED = 10_000;
const BATCH_ROWS = 500;
const MAX_WAIT_MS = 1_000;
const PRUNE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Writes what was called, in batches and off the calls' way. When the database cannot keep up the
 * newest entries are dropped and counted: the log is an aid, calls come first.
 */
@Injectable()
export class CallLog
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private queue: PendingCall[] = [];
  private timer: NodeJS.Timeout | null = null;
  private pruner: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private isFailing = false;

  constructor(
    private readonly database: Database,
    private readonly meters: Meters,
    private readonly log: Log,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.callLogRetentionDays === 0) return; // kept for ever
    this.pruner = setInterval(() => void this.prune(), PRUNE_EVERY_MS);
    this.pruner.unref();
    void this.prune();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.pruner !== null) clearInterval(this.pruner);
    await this.flush();
  }

  /** Once more: calls may have ended while the servers closed. */
  onApplicationShutdown(): Promise<void> {
    return this.flush();
  }

  record(entry: PendingCall): void {
    if (this.queue.length >= MAX_QUEUED) {
      this.meters.callLogDropped(1);
      return;
    }
    this.queue.push(entry);
    if (this.queue.length >= BATCH_ROWS && !this.isFailing) this.schedule(0);
    else this.schedule(MAX_WAIT_MS);
  }

  /** Writes all that is queued; tries once, what cannot be written then is dropped and counted. */
  async flush(): Promise<void> {
    this.cancelTimer();
    while (this.writing !== null) await this.writing;
    while (this.queue.length > 0) {
      if (await this.writeBatch()) continue;
      this.meters.callLogDropped(this.queue.length);
      this.queue = [];
    }
    this.meters.callLogQueue(0);
  }

  /** The first entry starts the clock; a full batch does not wait for it. */
  private schedule(delayMs: number): void {
    if (this.writing !== null || (this.timer !== null && delayMs > 0)) return;
    if (this.timer !== null && this.queue.length > BATCH_ROWS) return;
    this.cancelTimer();
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.drain();
    }, delayMs);
    this.timer.unref();
  }

  private cancelTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async drain(): Promise<void> {
    if (this.writing !== null) return;
    this.writing = this.writeAll();
    await this.writing;
    this.writing = null;
    if (this.queue.length > 0) this.schedule(MAX_WAIT_MS);
  }

  private async writeAll(): Promise<void> {
    do {
      if (!(await this.writeBatch())) return;
    } while (this.queue.length >= BATCH_ROWS);
  }

  /** @returns false when the database refused; the entries are then still queued */
  private async writeBatch(): Promise<boolean> {
    const batch = this.queue.slice(0, BATCH_ROWS);
    try {
      if (batch.length > 0) await this.database.repositories.calls.append(batch.map(toRecord));
    } catch (error) {
      if (!this.isFailing) this.log.warn({ event: 'call_log.write_failed', err: error });
      this.isFailing = true;
      return false;
    }
    this.isFailing = false;
    this.queue.splice(0, batch.length);
    this.meters.callLogQueue(this.queue.length);
    return true;
  }

  private async prune(): Promise<void> {
    const oldest = new Date(Date.now() - this.config.callLogRetentionDays * DAY_MS);
    try {
      await this.database.repositories.calls.pruneOlderThan(oldest.toISOString());
    } catch (error) {
      this.log.warn({ event: 'call_log.prune_failed', err: error });
    }
  }
}
