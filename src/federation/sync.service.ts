import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Actor } from '../kernel/caller.js';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { Log } from '../platform/log/log.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import type { NewGateway } from '../registry/discovered.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { UPSTREAM_NOTICE, type UpstreamNotice } from '../registry/upstream-notice.js';
import { Coalesced } from './coalesced.js';
import { discover, failureTexts, type Discovery } from './discovery.js';
import { kindsOf, OwnNotices } from './own-notices.js';
import { reasonOf, unreachable, wantsCredential } from './reason.js';
import {
  BY_ITSELF,
  failedRefresh,
  finishedRefresh,
  listsOf,
  type RefreshResult,
  type RefreshWish,
} from './refresh-result.js';
import { RefreshSpacing } from './refresh-spacing.js';
import type { SyncLine } from './sync-line.js';
import { SyncLines } from './sync-lines.service.js';

/** One change may be told on every session that the upstream has: it is read once. */
const GATHER_MS = 50;

interface State {
  readonly refreshes: Coalesced<RefreshWish, RefreshResult>;
  readonly spacing: RefreshSpacing;
  readonly own: OwnNotices;
  timer: NodeJS.Timeout | null;
  /** On the monotonic clock. */
  readAt: number;
}

/** Keeps the catalog equal to what the upstreams offer (PROTOCOL.md §6.3, §7.5). */
@Injectable()
export class SyncService {
  private readonly states = new Map<GatewayId, State>();
  private isStopped = false;

  constructor(
    private readonly lines: SyncLines,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
    private readonly log: Log,
    private readonly bus: MemoryBus,
  ) {
    lines.on('listChanged', (line, method) => {
      this.noticed(line.gateway.id, method);
    });
  }

  /**
   * Connects, reads the lists, then stores all of it in one transaction.
   * @param options `allowOffline` stores an unreachable Gateway as `pending`; it is tried again later
   * @throws GatewayError `upstream_unreachable`, `upstream_timeout`, and those of GatewaysService.draft
   */
  async register(
    input: NewGateway,
    actor: Actor,
    options: { readonly allowOffline?: boolean } = {},
  ): Promise<Gateway> {
    const draft = await this.gateways.draft(input, actor);
    const line = this.lines.make(draft);
    let found: Discovery['found'] | null = null;
    try {
      found = await this.firstLook(line);
    } catch (e) {
      await line.close();
      if (wantsLogin(draft, e)) return this.gateways.create(awaitingLogin(draft), null, actor);
      if (options.allowOffline !== true || isLoop(e)) throw unreachable(e);
      this.log.info({ event: 'gateway.stored_offline', gateway: draft.slug, reason: reasonOf(e) });
    }
    if (found === null) return this.gateways.create(draft, null, actor);
    return this.store(line, { ...draft, asksClient: line.asksClient }, found, actor);
  }

  /**
   * Reads the lists again. One run at a time per Gateway; requests meanwhile share the next run.
   * @returns also when the upstream cannot be reached: `success` is false then
   * @throws GatewayError `gateway_not_found`
   */
  async refresh(
    id: GatewayId,
    actor: Actor,
    include: { readonly resources?: boolean; readonly prompts?: boolean } = {},
  ): Promise<RefreshResult> {
    const gateway = await this.gateways.get(id);
    if (this.lines.get(id) === undefined)
      return failedRefresh(id, gateway.enabled ? 'not watched yet' : 'Gateway is disabled');
    return this.stateOf(id).refreshes.run({
      actor,
      includeResources: include.resources ?? true,
      includePrompts: include.prompts ?? true,
    });
  }

  /** Reads the lists because of something the gateway itself noticed. Never throws. */
  async resync(id: GatewayId): Promise<void> {
    if (this.isStopped || this.lines.get(id) === undefined) return;
    const result = await this.stateOf(id).refreshes.run(BY_ITSELF);
    if (!result.success) this.log.info({ event: 'sync.failed', gateway: id, reason: result.error });
  }

  /** Reads the lists of those Gateways whose last read is too long ago. */
  refreshDue(now = performance.now()): void {
    if (!this.config.autoRefreshServers) return;
    for (const line of this.lines.all()) {
      const { id, refreshIntervalSeconds: own } = line.gateway;
      const intervalMs = own === null ? this.config.gatewayAutoRefreshIntervalMs : own * 1000;
      if (line.isOpen && now - this.stateOf(id).readAt >= intervalMs) void this.resync(id);
    }
  }

  /** The Gateway is gone, disabled or reached in another way. */
  forget(id: GatewayId): void {
    const timer = this.states.get(id)?.timer ?? null;
    if (timer !== null) clearTimeout(timer);
    this.states.delete(id);
  }

  /** Nothing new begins; what runs is waited for. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const states = [...this.states.values()];
    for (const id of this.states.keys()) this.forget(id);
    await Promise.all(states.map((state) => state.refreshes.idle()));
  }

  private async firstLook(line: SyncLine): Promise<Discovery['found']> {
    const discovery = await discover(await line.upstream());
    const [first] = discovery.failures;
    if (first !== undefined && discovery.failures.some(({ list }) => list === 'tools'))
      throw first.error;
    for (const text of failureTexts(discovery))
      this.log.warn({ event: 'sync.list_failed', gateway: line.gateway.slug, reason: text });
    return discovery.found;
  }

  private async store(
    line: SyncLine,
    draft: Gateway,
    found: Discovery['found'],
    actor: Actor,
  ): Promise<Gateway> {
    // Kept first, so that the new Snapshot finds a line that is open already.
    if (draft.enabled) this.lines.keep(line);
    try {
      const gateway = await this.gateways.create(draft, found, actor);
      line.gateway = gateway;
      if (draft.enabled) this.stateOf(gateway.id).readAt = performance.now();
      else await line.close();
      return gateway;
    } catch (e) {
      if (this.lines.get(draft.id) === line) await this.lines.drop(draft.id);
      await line.close();
      throw e;
    }
  }

  private noticed(id: GatewayId, method: string): void {
    if (this.isStopped) return;
    const state = this.stateOf(id);
    state.own.hear(method, performance.now());
    if (state.timer !== null) return;
    state.timer = setTimeout(
      () => {
        state.timer = null;
        state.spacing.mark(performance.now());
        void this.resync(id);
      },
      Math.max(GATHER_MS, state.spacing.waitMs(performance.now())),
    );
  }

  private stateOf(id: GatewayId): State {
    const known = this.states.get(id);
    if (known !== undefined) return known;
    const state: State = {
      refreshes: new Coalesced(
        (wish: RefreshWish) => this.read(id, state, wish),
        (a, b) => ({
          actor: b.actor,
          includeResources: a.includeResources || b.includeResources,
          includePrompts: a.includePrompts || b.includePrompts,
        }),
      ),
      spacing: new RefreshSpacing(),
      own: new OwnNotices(),
      timer: null,
      readAt: performance.now(),
    };
    this.states.set(id, state);
    return state;
  }

  private async read(id: GatewayId, state: State, wish: RefreshWish): Promise<RefreshResult> {
    const start = performance.now();
    state.readAt = start;
    const own = state.own.take();
    try {
      const line = this.lines.get(id);
      if (line === undefined) return failedRefresh(id, 'Gateway is disabled');
      const discovery = await line.whileUsed(async () =>
        discover(await line.upstream(), listsOf(wish)),
      );
      const [first] = discovery.failures;
      if (first !== undefined && discovery.found.tools === undefined) throw first.error;
      const written = await this.gateways.applySync(id, discovery.found, wish.actor);
      this.passOn(id, own, start);
      return finishedRefresh(id, written, failureTexts(discovery), performance.now() - start);
    } catch (e) {
      state.own.giveBack(own);
      if (!(e instanceof GatewayError))
        this.log.warn({ event: 'sync.failed', gateway: id, err: e });
      return failedRefresh(id, reasonOf(e), performance.now() - start);
    }
  }

  /** What the upstream itself said, once it was read and all that differs is told. */
  private passOn(gatewayId: GatewayId, methods: ReadonlySet<string>, readAt: number): void {
    const kinds = kindsOf(methods);
    if (kinds.length === 0) return;
    const notice: UpstreamNotice = { gatewayId, kinds, ageMs: performance.now() - readAt };
    this.bus.publish(UPSTREAM_NOTICE, notice);
  }
}

/** An upstream that a person has to log in to is stored before: the login belongs to its record. */
function wantsLogin({ authType }: Gateway, error: unknown): boolean {
  const isRefused = error instanceof GatewayError && error.code === 'upstream_error';
  return authType === 'oauth' && isRefused && wantsCredential(error);
}

function awaitingLogin(draft: Gateway): Gateway {
  return { ...draft, needsLogin: true, statusMessage: 'Somebody has to log in to this upstream' };
}

/** It is up, and it will be no other gateway later. */
function isLoop(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'federation_loop';
}
