import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { countItems, gatewayView } from '../../registry/views/gateway-view.js';
import type { Handlers } from './registry.js';

/** What older clients of `/rpc` ask about Gateways (API.md §3.3). */
@Injectable()
export class GatewaysMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly gateways: GatewaysService,
  ) {}

  handlers(): Handlers {
    return { list_gateways: (call) => this.list(call) };
  }

  private list(call: Call): string {
    const { gateways } = this.catalog.view(call.caller, call.serverId);
    const counts = countItems(this.catalog.snapshot);
    return JSON.stringify({
      gateways: gateways.map((g) => gatewayView(g, counts(g.id), this.gateways.envNames(g))),
    });
  }
}
