import { Injectable } from '@nestjs/common';
import { HealthService } from '../../federation/health.service.js';
import type { RefreshResult } from '../../federation/refresh-result.js';
import { SyncService } from '../../federation/sync.service.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { type Circuit, Invoker } from '../../upstreams/invoker.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { ProcessOutputs } from '../../upstreams/mcp/process-outputs.service.js';
import { can } from '../../auth/access.js';
import { Answer } from '../answer.js';
import { Query } from '../query.js';
import { GatewayDoor } from './gateway-door.service.js';

/** What is going on with one Gateway. */
@Injectable()
export class GatewayWatch {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly sync: SyncService,
    private readonly checks: HealthService,
    private readonly invoker: Invoker,
    private readonly door: GatewayDoor,
    private readonly outputs: ProcessOutputs,
  ) {}

  /** The Gateway; with what its processes wrote to stderr, for those who may change it. */
  async detail(idOrName: string, { caller }: Asked): Promise<Answer> {
    const gateway = await this.gateways.get(idOrName);
    const { view, about } = this.door.shown(gateway);
    const isShown = gateway.transport === 'STDIO' && can(caller, 'gateways.update');
    return new Answer(isShown ? { ...view, processes: this.outputs.of(gateway.id) } : view, about);
  }

  /** What is known; with `?probe=true` what a check finds now. */
  async health(idOrName: string, { query }: Asked): Promise<View> {
    const parameters = new Query(query);
    const probe = parameters.flag('probe') ?? false;
    parameters.check();
    const { id } = await this.gateways.get(idOrName);
    const found = probe ? await this.checks.check(id) : this.checks.view(id);
    const gateway = await this.gateways.get(id);
    return {
      gatewayId: id,
      name: gateway.name,
      enabled: gateway.enabled,
      status: gateway.status,
      reachable: gateway.reachable,
      resting: this.checks.isResting(id),
      lastSeen: gateway.lastSeen,
      lastChecked: found.lastChecked,
      latencyMs: found.latencyMs,
      consecutiveFailures: found.consecutiveFailures,
      circuit: circuitView(this.invoker.circuit(id)),
      protocolVersion: gateway.protocolVersion,
      error: found.error ?? gateway.lastError,
    };
  }

  async refresh(idOrName: string, { query, actor }: Asked): Promise<RefreshResult> {
    const parameters = new Query(query);
    const resources = parameters.flag('include_resources') ?? true;
    const prompts = parameters.flag('include_prompts') ?? true;
    parameters.check();
    const { id } = await this.gateways.get(idOrName);
    return this.sync.refresh(id, actor, { resources, prompts });
  }
}

const STATES = ['closed', 'half_open', 'open'] as const;

function circuitView({ state, staysAwayMs }: Circuit): View {
  return {
    state: STATES[state],
    retryAt: state === 0 ? null : new Date(Date.now() + staysAwayMs).toISOString(),
  };
}
