import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { Dialer } from '../upstreams/mcp/dialer.js';
import { SyncLine } from './sync-line.js';
import { SyncLines } from './sync-lines.service.js';
import type { Watchable } from './upward-listen.js';

/** What is watched, under the name that its upstream has for it. */
export interface Subject {
  readonly gatewayId: GatewayId;
  readonly kind: Watchable;
  readonly name: string;
}

/** What is heard; `holder` is the hash of the person whose session it came on. */
export interface PersonLineEvents {
  told(holder: string, subject: Subject, params: string): void;
  /** The session is another, or gone: what it was subscribed to is to be asked for again. */
  renewed(holder: string, gatewayId: GatewayId): void;
}

interface PersonLine {
  readonly line: SyncLine;
  readonly caller: Caller;
  readonly wanted: Set<string>;
  failures: number;
  timer: NodeJS.Timeout | null;
}

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/**
 * The sessions on which persons hear of what they watch, at Gateways where each has its own login
 * (PROTOCOL.md §6.4): one for each person and Gateway, open as long as something is watched on it.
 */
@Injectable()
export class PersonLines implements OnModuleDestroy {
  private readonly lines = new Map<string, PersonLine>();
  private events: PersonLineEvents = { told: () => undefined, renewed: () => undefined };
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly dialer: Dialer,
    private readonly sync: SyncLines,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
  ) {
    dialer.onPersonChange((id, holder) => {
      this.drop((line) => line.line.gateway.id === id && line.caller.principalHash === holder);
      this.events.renewed(holder, id);
    });
    dialer.onEraChange((id) => {
      for (const { line } of this.lines.values())
        if (line.gateway.id === id) line.renew('the upstream has changed its era');
    });
    this.stops = [
      sync.on('dropped', (of) => {
        for (const { caller, line } of this.drop(({ line }) => line.gateway.id === of.gateway.id))
          this.events.renewed(caller.principalHash, line.gateway.id);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    this.drop(() => true);
  }

  hears(events: PersonLineEvents): void {
    this.events = events;
  }

  /** Whether what is watched at a Gateway is watched by each person for itself. */
  isFor(id: GatewayId): boolean {
    return this.sync.get(id)?.gateway.loginPerUser === true;
  }

  /**
   * Has an upstream tell a person of changes, or no more.
   * @throws UpstreamRpcError · GatewayError `login_needed`, `overloaded`, `upstream_unreachable`,
   *   `upstream_error`, `upstream_timeout`
   */
  async watch(caller: Caller, subject: Subject, isWanted: boolean): Promise<void> {
    const { gatewayId, kind, name } = subject;
    const known = this.lines.get(keyOf(gatewayId, caller.principalHash));
    if (known === undefined && !isWanted) return;
    const own = known ?? this.add(gatewayId, caller);
    const wanted = `${kind} ${name}`;
    if (isWanted) own.wanted.add(wanted);
    else own.wanted.delete(wanted);
    if (own.wanted.size === 0) {
      this.drop((line) => line === own);
      return;
    }
    try {
      await own.line.watch(name, isWanted, kind);
    } catch (e) {
      own.wanted.delete(wanted);
      if (own.wanted.size === 0) this.drop((line) => line === own);
      throw e;
    }
  }

  private add(gatewayId: GatewayId, caller: Caller): PersonLine {
    const gateway = this.sync.get(gatewayId)?.gateway;
    if (gateway?.loginPerUser !== true) {
      const reason = 'the gateway is disabled or gone';
      throw new GatewayError('upstream_unreachable', { reason });
    }
    this.checkRoom(caller);
    const own: PersonLine = {
      ...{ caller, wanted: new Set<string>(), failures: 0, timer: null },
      line: this.make(gateway, caller, () => own),
    };
    this.lines.set(keyOf(gatewayId, caller.principalHash), own);
    return own;
  }

  /** They count for themselves: what a person calls is not kept from it by what it watches. */
  private checkRoom({ principalHash }: Caller): void {
    const own = [...this.lines.values()].filter(
      ({ caller }) => caller.principalHash === principalHash,
    );
    const { mcpMaxSessions, upstreamMaxSessionsPerPrincipal } = this.config;
    const isFull = own.length >= upstreamMaxSessionsPerPrincipal;
    if (isFull || this.lines.size >= mcpMaxSessions)
      throw new GatewayError('overloaded', { what: 'Too many sessions that only listen' });
  }

  private make(gateway: Gateway, caller: Caller, own: () => PersonLine): SyncLine {
    const holder = caller.principalHash;
    const tell = (kind: Watchable, name: string, params: string): void => {
      this.events.told(holder, { gatewayId: gateway.id, kind, name }, params);
    };
    return new SyncLine(gateway, {
      dialer: {
        open: (g, secrets, hooks, options) =>
          this.dialer.open(g, secrets, hooks, { ...options, person: caller }),
      },
      secrets: (g) => ({ credential: this.gateways.credential(g), env: {} }),
      requestTimeoutMs: this.config.upstreamResponseTimeoutMs,
      events: {
        opened: () => {
          own().failures = 0;
          this.events.renewed(holder, gateway.id);
        },
        closed: () => {
          this.again(own());
        },
        resourceUpdated: (_line, uri, params) => {
          tell('resource', uri, params);
        },
        taskTold: (_line, taskId, params) => {
          tell('task', taskId, params);
        },
        // What is nobody's in particular is heard on the session that reads the lists.
        listChanged: () => undefined,
        doubts: () => undefined,
        asks: () => undefined,
        // Logins of persons are none of processes: these do not rest.
        woken: () => undefined,
        idle: () => undefined,
      },
    });
  }

  /** Opens a session that has ended, until it stands or nothing is watched on it. */
  private again(own: PersonLine): void {
    if (own.wanted.size === 0 || own.timer !== null) return;
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** own.failures++);
    own.timer = setTimeout(() => {
      own.timer = null;
      own.line.open().catch((e: unknown) => {
        // Until the person logs in: then all begins anew.
        if (!(e instanceof GatewayError) || e.code !== 'login_needed') this.again(own);
      });
    }, pauseMs);
    own.timer.unref();
  }

  private drop(which: (line: PersonLine) => boolean): PersonLine[] {
    const gone = [...this.lines].filter(([, own]) => which(own));
    for (const [key, own] of gone) {
      this.lines.delete(key);
      own.wanted.clear();
      if (own.timer !== null) clearTimeout(own.timer);
      // Failures of ending are the upstream's: there is nothing left to do about them.
      void own.line.close().catch(() => undefined);
    }
    return gone.map(([, own]) => own);
  }
}

const keyOf = (gatewayId: GatewayId, holder: string): string => `${gatewayId} ${holder}`;
