import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Gateway } from '../kernel/catalog.js';
import { Gate } from '../kernel/gate.js';
import type { GatewayId } from '../kernel/ids.js';
import { Log } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import type { GatewayHealth } from '../registry/discovered.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { HealthRecord, type HealthView } from './health-record.js';
import { isOverload, provesUp, reasonOf, wantsCredential } from './reason.js';
import type { SyncLine } from './sync-line.js';
import { SyncLines } from './sync-lines.service.js';
import { SyncService } from './sync.service.js';

interface Watched {
  readonly record: HealthRecord;
  timer: NodeJS.Timeout | null;
  running: Promise<void> | null;
  /** The session ended while a check ran. */
  wasClosed: boolean;
  /** When the last check began, on the monotonic clock. */
  checkedAt: number;
}

/** Least pause before a session that ended is opened again. */
const REOPEN_MS = 1000;

const UNKNOWN: HealthView = {
  lastChecked: null,
  latencyMs: null,
  consecutiveFailures: 0,
  error: null,
};

/**
 * Opens the sync sessions and pings them from time to time (API.md §2.6): one failure makes a Gateway
 * degraded, several in a row unhealthy; the first success brings it back, its lists read anew.
 */
@Injectable()
export class HealthService {
  private readonly watched = new Map<GatewayId, Watched>();
  private readonly gate: Gate;
  private readonly upListeners = new Set<(id: GatewayId) => void>();
  private isStopped = false;
  /** Whether processes of a Gateway serve calls. */
  serves: (id: GatewayId) => boolean = () => false;

  constructor(
    private readonly lines: SyncLines,
    private readonly sync: SyncService,
    private readonly gateways: GatewaysService,
    private readonly meters: Meters,
    private readonly config: Config,
    private readonly log: Log,
  ) {
    this.gate = new Gate(config.maxConcurrentHealthChecks, Infinity);
    // What it said meanwhile was not heard.
    lines.on('woken', (line) => {
      void sync.resync(line.gateway.id);
    });
    lines.on('closed', (line) => {
      this.soon(line.gateway.id);
    });
  }

  view(id: GatewayId): HealthView {
    return this.watched.get(id)?.record.view ?? UNKNOWN;
  }

  /** It has no process, for nobody used it; it is asked again once it is needed. */
  isResting(id: GatewayId): boolean {
    return this.lines.get(id)?.isResting === true && !this.serves(id);
  }

  /** Begins to check a Gateway. @param isOpen it has just been read: the first check can wait */
  watch(id: GatewayId, isOpen: boolean): void {
    if (this.watched.has(id)) return;
    const rules = {
      intervalMs: this.config.healthCheckIntervalMs,
      threshold: this.config.unhealthyThreshold,
    };
    const watched: Watched = {
      record: new HealthRecord(rules),
      timer: null,
      running: null,
      wasClosed: false,
      checkedAt: -Infinity,
    };
    this.watched.set(id, watched);
    const slug = this.lines.get(id)?.gateway.slug;
    if (isOpen && slug !== undefined) this.meters.gatewayUp(slug, true);
    this.schedule(id, watched, isOpen ? rules.intervalMs : 0);
  }

  /** Ends the checks of a Gateway that is gone, disabled or reached in another way. */
  unwatch(gateway: Gateway): void {
    const timer = this.watched.get(gateway.id)?.timer ?? null;
    if (timer !== null) clearTimeout(timer);
    this.watched.delete(gateway.id);
    this.meters.gatewayUp(gateway.slug, null);
  }

  /** Nobody has this slug any more: its series go. */
  forgetSlug(slug: string): void {
    this.meters.forgetGateway(slug);
  }

  /** Checks now. @returns what was found; what is known, for a Gateway that is not watched */
  async check(id: GatewayId): Promise<HealthView> {
    const watched = this.watched.get(id);
    if (watched !== undefined) await this.run(id, watched);
    return this.view(id);
  }

  /** A good check, whatever was before. @returns ends the listening */
  onUp(listener: (id: GatewayId) => void): () => void {
    this.upListeners.add(listener);
    return () => {
      this.upListeners.delete(listener);
    };
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const all = [...this.watched.values()];
    for (const { timer } of all) if (timer !== null) clearTimeout(timer);
    await Promise.all(all.flatMap(({ running }) => running ?? []));
  }

  private soon(id: GatewayId): void {
    const watched = this.watched.get(id);
    if (watched === undefined) return;
    if (watched.running !== null) watched.wasClosed = true;
    else this.schedule(id, watched, Math.max(0, watched.checkedAt + REOPEN_MS - performance.now()));
  }

  private schedule(id: GatewayId, watched: Watched, pauseMs: number): void {
    if (this.isStopped || this.watched.get(id) !== watched) return;
    if (watched.timer !== null) clearTimeout(watched.timer);
    watched.timer = setTimeout(() => {
      watched.timer = null;
      // To ask a program how it is would be to start it.
      if (this.isResting(id)) this.schedule(id, watched, this.config.healthCheckIntervalMs);
      else void this.run(id, watched);
    }, pauseMs);
    watched.timer.unref();
  }

  private run(id: GatewayId, watched: Watched): Promise<void> {
    watched.running ??= this.probe(id, watched)
      .catch((err: unknown) => {
        this.log.error({ event: 'gateway.check_failed', gateway: id, err });
      })
      .finally(() => {
        watched.running = null;
        const { pauseMs } = watched.record;
        this.schedule(id, watched, watched.wasClosed ? Math.min(REOPEN_MS, pauseMs) : pauseMs);
        watched.wasClosed = false;
      });
    return watched.running;
  }

  private async probe(id: GatewayId, watched: Watched): Promise<void> {
    const line = this.lines.get(id);
    if (line === undefined) return;
    if (!(await this.gate.enter(this.config.healthCheckIntervalMs))) return;
    const start = performance.now();
    watched.checkedAt = start;
    try {
      await line.whileUsed(() => this.look(line, watched, start));
    } finally {
      this.gate.leave();
    }
  }

  private async look(line: SyncLine, watched: Watched, start: number): Promise<void> {
    const { sessionNumber, hasMissed } = line;
    const { id } = line.gateway;
    const answer = await this.ping(line);
    // No room for a process of its own says nothing of the upstream.
    if (this.watched.get(id) !== watched || isOverload(answer)) return;
    if (answer === undefined || provesUp(answer)) {
      const wasDown = watched.record.isDown;
      await this.up(line, watched, performance.now() - start, answer);
      const isNew = line.sessionNumber !== sessionNumber && !hasMissed;
      if (line.isOpen && (wasDown || isNew)) await this.sync.resync(id);
    } else await this.down(line, watched, reasonOf(answer));
  }

  /** @returns what went wrong; `undefined` when nothing did */
  private async ping(line: SyncLine): Promise<unknown> {
    try {
      await line.ping(this.config.healthCheckTimeoutMs);
      return undefined;
    } catch (e) {
      return e;
    }
  }

  private async up(
    line: SyncLine,
    { record }: Watched,
    latencyMs: number,
    answer: unknown,
  ): Promise<void> {
    const { id, slug, reachable } = line.gateway;
    if (record.isDown || !reachable) this.log.info({ event: 'gateway.up', gateway: slug });
    record.succeeded(Math.round(latencyMs * 100) / 100);
    this.meters.gatewayUp(slug, true);
    const refusal = wantsCredential(answer) ? reasonOf(answer) : null;
    await this.write(line, {
      status: 'healthy',
      reachable: true,
      statusMessage: refusal === null ? null : 'The upstream asks for another credential',
      lastError: refusal,
      lastSeen: new Date().toISOString(),
    });
    for (const listener of this.upListeners) listener(id);
  }

  private async down(line: SyncLine, { record }: Watched, error: string): Promise<void> {
    const { slug, status } = line.gateway;
    if (!record.failed(error, performance.now())) return;
    const failures = record.view.consecutiveFailures;
    const isOut = record.status === 'unhealthy';
    if (isOut) this.meters.gatewayUp(slug, false);
    this.log.warn({ event: 'gateway.down', gateway: slug, failures, error });
    await this.write(line, {
      // Never reached so far: it stays pending, with the reason.
      ...(status === 'pending' && !isOut ? {} : { status: record.status }),
      ...(isOut ? { reachable: false } : {}),
      lastError: error,
    });
  }

  private async write(line: SyncLine, health: GatewayHealth): Promise<void> {
    await this.gateways.setHealth(line.gateway.id, health);
  }
}
