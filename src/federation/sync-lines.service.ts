import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Gateway } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import { Log } from '../platform/log/log.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { OwnInstance } from '../registry/own-instance.service.js';
import { Dialer, type DialSecrets } from '../upstreams/mcp/dialer.js';
import {
  ProcessRoom,
  type Spare,
  type SpareSource,
} from '../upstreams/mcp/process-room.service.js';
import { SyncLine } from './sync-line.js';

/** What can be heard of the lines; every listener gets a function back that ends the listening. */
interface Heard {
  opened: [line: SyncLine];
  closed: [line: SyncLine, reason: string];
  /** The Gateway is gone, disabled or reached in another way. */
  dropped: [line: SyncLine];
  listChanged: [line: SyncLine, method: string];
  resourceUpdated: [line: SyncLine, uri: string, params: string];
  taskTold: [line: SyncLine, taskId: string, params: string];
  woken: [line: SyncLine];
}
type Listener<K extends keyof Heard> = (...heard: Heard[K]) => void;

/** For so long a legacy verdict is believed. */
const ERA_HOLDS_MS = 86_400_000;
/** Least pause between two looks at the era of one Gateway. */
const RECHECK_MS = 60_000;

/** The sync sessions of all enabled Gateways. */
@Injectable()
export class SyncLines implements SpareSource {
  private readonly lines = new Map<GatewayId, SyncLine>();
  /** When the era of each was last looked at again, on the monotonic clock. */
  private readonly rechecked = new Map<GatewayId, number>();
  private readonly listeners: { [K in keyof Heard]: Set<Listener<K>> } = {
    opened: new Set(),
    closed: new Set(),
    dropped: new Set(),
    listChanged: new Set(),
    resourceUpdated: new Set(),
    taskTold: new Set(),
    woken: new Set(),
  };

  constructor(
    private readonly dialer: Dialer,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
    private readonly log: Log,
    private readonly room: ProcessRoom,
    private readonly own: OwnInstance,
  ) {
    room.addSource(this);
    dialer.onEraChange((id) => {
      const line = this.lines.get(id);
      if (line === undefined) return;
      log.info({ event: 'gateway.era_changed', gateway: line.gateway.slug });
      line.renew('the upstream has changed its era');
    });
  }

  get(id: GatewayId): SyncLine | undefined {
    return this.lines.get(id);
  }

  all(): SyncLine[] {
    return [...this.lines.values()];
  }

  /** A line that is not kept yet: for a Gateway that is being registered. */
  make(gateway: Gateway): SyncLine {
    return new SyncLine(gateway, {
      dialer: this.dialer,
      secrets: (g) => this.secrets(g),
      own: this.own,
      requestTimeoutMs: this.config.upstreamResponseTimeoutMs,
      events: {
        opened: (line) => {
          this.emit('opened', line);
        },
        closed: (line, reason) => {
          this.log.info({ event: 'sync.closed', gateway: line.gateway.slug, reason });
          this.emit('closed', line, reason);
        },
        listChanged: (line, method) => {
          this.emit('listChanged', line, method);
        },
        resourceUpdated: (line, uri, params) => {
          this.emit('resourceUpdated', line, uri, params);
        },
        taskTold: (line, taskId, params) => {
          this.emit('taskTold', line, taskId, params);
        },
        doubts: (line) => {
          this.recheck(line);
        },
        asks: (line) => {
          this.marks(line);
        },
        woken: (line) => {
          this.emit('woken', line);
        },
        idle: () => {
          this.room.freed();
        },
      },
    });
  }

  keep(line: SyncLine): void {
    this.lines.set(line.gateway.id, line);
  }

  /** Takes a line out and ends its session. */
  async drop(id: GatewayId): Promise<void> {
    const line = this.lines.get(id);
    if (line !== undefined) this.emit('dropped', line);
    this.lines.delete(id);
    this.rechecked.delete(id);
    await line?.close();
  }

  on<K extends keyof Heard>(event: K, listener: Listener<K>): () => void {
    this.listeners[event].add(listener);
    return () => {
      this.listeners[event].delete(listener);
    };
  }

  *spares(): Iterable<Spare> {
    for (const line of this.lines.values()) {
      if (!line.isSpare) continue;
      const { idleSince } = line;
      const end = (): void => {
        this.rest(line);
      };
      yield { gatewayId: line.gateway.id, idleSince, serves: 'nobody', end };
    }
  }

  awaited(): void {
    // Each line tells in any case when nothing runs on it any more.
  }

  /** Ends processes that nobody has used, nor those of calls, for too long (PROTOCOL.md §7.3). */
  restUnused(serves: (id: GatewayId) => boolean, now = performance.now()): void {
    for (const line of this.lines.values())
      if (line.isSpare && now - line.usedAt > this.config.stdioIdleTimeoutMs)
        if (!serves(line.gateway.id)) this.rest(line);
  }

  private rest(line: SyncLine): void {
    this.log.debug({ event: 'sync.rests', gateway: line.gateway.slug });
    line.rest();
  }

  /** Legacy upstreams work for ever: only asking tells that one has become modern (PROTOCOL.md §7.1). */
  recheckDue(now = Date.now()): void {
    for (const line of this.lines.values()) {
      const { era, eraAt } = line.gateway;
      if (era !== 'legacy' || eraAt === null || now - Date.parse(eraAt) < ERA_HOLDS_MS) continue;
      if (line.isOpen) this.recheck(line);
    }
  }

  /** Asks an upstream again how it is spoken to, at most so often; a new era opens its line anew. */
  recheck(line: SyncLine): void {
    const { gateway } = line;
    if (performance.now() - (this.rechecked.get(gateway.id) ?? -Infinity) < RECHECK_MS) return;
    this.rechecked.set(gateway.id, performance.now());
    this.dialer
      .recheck(gateway, this.secrets(gateway))
      .then((isOther) =>
        isOther ? undefined : this.gateways.markEra(gateway.id, new Date().toISOString()),
      )
      .catch((err: unknown) => {
        this.log.info({ event: 'gateway.era_unknown', gateway: gateway.slug, err });
      });
  }

  private secrets(gateway: Gateway): DialSecrets {
    return {
      credential: this.gateways.credential(gateway),
      env: gateway.transport === 'STDIO' ? this.gateways.childEnv(gateway) : {},
    };
  }

  private emit<K extends keyof Heard>(event: K, ...heard: Heard[K]): void {
    if (this.lines.get(heard[0].gateway.id) !== heard[0]) return;
    for (const listener of this.listeners[event]) listener(...heard);
  }

  private marks(line: SyncLine): void {
    const { id, slug } = line.gateway;
    this.log.info({ event: 'gateway.asks_client', gateway: slug });
    this.gateways.markAsksClient(id).catch((err: unknown) => {
      this.log.warn({ event: 'gateway.asks_client_not_stored', gateway: slug, err });
    });
  }
}
