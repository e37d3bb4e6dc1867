import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.service.js';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { LIST_KINDS } from '../../kernel/mcp.js';
import { MemoryBus } from '../../platform/bus/memory.bus.js';
import { Meters } from '../../platform/metrics/meters.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { changedKinds } from '../../registry/changed-kinds.js';
import type { ResourceEntry } from '../../registry/entries.js';
import { stillNames } from '../../registry/still-names.js';
import { UPSTREAM_NOTICE, type UpstreamNotice } from '../../registry/upstream-notice.js';
import { ResourceSubscriptions, type Watcher } from '../resource-subscriptions.js';
import type { UpstreamTask } from './bridge/task-seals.js';
import { Listen } from './listen.js';
import type { ListenFilter } from './listen-filter.js';

/** Open at once for one principal (PROTOCOL.md §6.4). */
const MAX_PER_PRINCIPAL = 16;

/** What a listen may hear, and where its resources and tasks are. */
export interface Granted {
  readonly filter: ListenFilter;
  readonly resources: readonly (readonly [shownUri: string, entry: ResourceEntry])[];
  readonly tasks: readonly (readonly [shownId: string, task: UpstreamTask])[];
}

/** The open `subscriptions/listen` requests of modern clients. */
@Injectable()
export class Listens implements OnModuleInit, OnModuleDestroy {
  private readonly open = new Set<Listen>();
  private readonly perPrincipal = new Map<string, number>();
  private stops: readonly (() => void)[] = [];
  private counter = 0;

  constructor(
    private readonly catalog: CatalogService,
    private readonly subscriptions: ResourceSubscriptions,
    private readonly meters: Meters,
    private readonly bus: MemoryBus,
    private readonly credentials: CredentialWatch,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.catalog.onSwap(() => {
        for (const listen of this.open) this.compare(listen);
      }),
      this.bus.subscribe(UPSTREAM_NOTICE, (message) => {
        for (const listen of this.open) listen.noticed(message as UpstreamNotice);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    this.endAll();
  }

  /** The end of a drain, or of the app: each gets its result. */
  endAll(): void {
    for (const listen of this.open) listen.end();
  }

  /**
   * Acknowledges, then tells what it hears of until one side ends it.
   * @returns members of the `_meta` of its result
   * @throws GatewayError `too_many_streams`; `cancelled` when the client ended it
   */
  async run(call: Call, granted: Granted): Promise<string> {
    const { limiterKey } = call.caller;
    const count = this.perPrincipal.get(limiterKey) ?? 0;
    if (count >= MAX_PER_PRINCIPAL)
      throw new GatewayError(
        'too_many_streams',
        { limit: MAX_PER_PRINCIPAL },
        { retryAfterSeconds: 5 },
      );
    this.perPrincipal.set(limiterKey, count + 1);
    this.meters.activeStreams(call.channel.transport, 1);
    const view = this.catalog.view(call.caller, call.serverId);
    const listen = new Listen(call, granted.filter, view);
    const watcher = `listen:${String(++this.counter)}`;
    const stopWatch = this.credentials.watch(call.caller, () => {
      listen.end();
    });
    this.open.add(listen);
    try {
      listen.acknowledge();
      this.watch({ watcher, caller: call.caller, waitsForLogin: true }, listen, granted);
      if ((await listen.ended) === 'client') throw new GatewayError('cancelled');
      return listen.meta;
    } finally {
      this.open.delete(listen);
      stopWatch();
      listen.stop();
      void this.subscriptions.end(watcher);
      this.leave(call);
    }
  }

  /** Each resource for itself: one whose upstream is lost now is asked for again when it is back. */
  private watch(who: Omit<Watcher, 'shown'>, listen: Listen, { resources, tasks }: Granted): void {
    for (const [shownId, task] of tasks) {
      const told = (params: string): void => {
        listen.taskTold(shownId, params);
      };
      this.subscriptions.watch({ ...who, shown: shownId }, task, told).catch(() => undefined);
    }
    for (const [shown, entry] of resources) {
      const updated = (params: string): void => {
        if (stillNames(listen.view, shown, entry)) listen.updated(shown, params);
      };
      this.subscriptions.watch({ ...who, shown }, entry, updated).catch(() => undefined);
    }
  }

  private compare(listen: Listen): void {
    const next = this.catalog.findView(listen.call.caller, listen.call.serverId);
    const kinds =
      listen.view === null || next === null
        ? LIST_KINDS
        : changedKinds(listen.view, next, listen.call.client.era);
    listen.view = next;
    // Without its Server there is nothing left to hear of.
    if (next === null) listen.end();
    else listen.changed(kinds);
  }

  private leave({ caller, channel }: Call): void {
    this.meters.activeStreams(channel.transport, -1);
    const left = (this.perPrincipal.get(caller.limiterKey) ?? 1) - 1;
    if (left > 0) this.perPrincipal.set(caller.limiterKey, left);
    else this.perPrincipal.delete(caller.limiterKey);
  }
}
