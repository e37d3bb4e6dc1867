import { Injectable } from '@nestjs/common';
import { requirePermission } from '../../auth/access.js';
import { SyncService } from '../../federation/sync.service.js';
import type { Gateway } from '../../kernel/catalog.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { filterRecords, pageOf } from '../../registry/listing.js';
import { Answer } from '../answer.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { GatewayLookup } from '../gateway-lookup.service.js';
import { matchVersion } from '../if-match.js';
import { listAnswer, readListRequest } from '../list-query.js';
import { Query } from '../query.js';
import { deleted, stateAnswer } from '../state-answer.js';
import {
  type GatewayBody,
  type NewGatewayBody,
  toGatewayPatch,
  toNewGateway,
} from './gateway-body.js';
import { countItems, gatewayView } from '../../registry/views/gateway-view.js';

/** What the gateway routes do: find, check the version, change, show. */
@Injectable()
export class GatewayDoor {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly sync: SyncService,
    private readonly catalog: CatalogService,
    private readonly lookup: GatewayLookup,
    private readonly sealer: Sealer,
    private readonly metrics: EntityMetrics,
  ) {}

  async list({ query, caller }: Asked): Promise<Answer> {
    const request = readListRequest(query, this.lookup.idOf, this.metrics.counter('gateway'));
    const found = filterRecords(await this.gateways.list(), request.query, {
      texts: (g) => [g.name, g.slug, g.description, g.url],
      gatewayId: (g) => g.id,
      reachable: (g) => g.reachable,
    });
    const page = pageOf(found, request.query, caller.principal, this.sealer);
    const counts = countItems(this.catalog.snapshot);
    return listAnswer('gateways', page, request.shape, (g) => ({
      ...gatewayView(g, counts(g.id), this.gateways.envNames(g)),
      ...this.gateways.oauthShown(g),
      ...this.metrics.of('gateway', g.id),
    }));
  }

  /** A Gateway and what belongs into headers. */
  shown(gateway: Gateway): { readonly view: View; readonly about: Answer['about'] } {
    return { view: this.view(gateway), about: { version: gateway.version } };
  }

  /** Registers: connects and reads the lists before anything is stored. */
  async create(body: NewGatewayBody, { caller, actor, query }: Asked): Promise<Answer> {
    if (runsCommand(body)) requirePermission(caller, 'admin.commands');
    const parameters = new Query(query);
    const allowOffline = parameters.flag('allow_offline') ?? false;
    parameters.check();
    const gateway = await this.sync.register(toNewGateway(body), actor, { allowOffline });
    return this.answer(gateway, `/gateways/${gateway.id}`);
  }

  async update(id: string, body: GatewayBody, asked: Asked): Promise<Answer> {
    const gateway = await this.gateways.get(id);
    if (runsCommand(body)) requirePermission(asked.caller, 'admin.commands');
    const version = matchVersion(asked.ifMatch, gateway.version);
    const patch = toGatewayPatch(body);
    return this.answer(await this.gateways.update(gateway.id, patch, asked.actor, version));
  }

  async setState(id: string, enabled: boolean, { actor, ifMatch }: Asked): Promise<Answer> {
    const gateway = await this.gateways.get(id);
    const version = matchVersion(ifMatch, gateway.version);
    const after = await this.gateways.setEnabled(gateway.id, enabled, actor, version);
    return stateAnswer('Gateway', after, this.view(after));
  }

  async delete(id: string, { ifMatch }: Asked): Promise<View> {
    const gateway = await this.gateways.get(id);
    await this.gateways.delete(gateway.id, matchVersion(ifMatch, gateway.version));
    return deleted(`Gateway ${gateway.id} deleted`);
  }

  private answer(gateway: Gateway, location?: string): Answer {
    const { view, about } = this.shown(gateway);
    return new Answer(view, location === undefined ? about : { ...about, location });
  }

  private view(gateway: Gateway): View {
    const counts = countItems(this.catalog.snapshot)(gateway.id);
    const view = gatewayView(gateway, counts, this.gateways.envNames(gateway));
    return {
      ...view,
      ...this.gateways.oauthShown(gateway),
      ...this.metrics.of('gateway', gateway.id),
    };
  }
}

/** Whether a body says what the gateway should start as a process. */
function runsCommand(body: GatewayBody): boolean {
  const { transport, command, args, env, cwd } = body;
  return (
    transport === 'STDIO' || [command, args, env, cwd].some((v) => v !== undefined && v !== null)
  );
}
