import { Injectable } from '@nestjs/common';
import type { GatewayId } from '../kernel/ids.js';
import type { MirroredParam } from '../kernel/mirrored-params.js';
import { CatalogService } from './catalog.service.js';
import type { Snapshot } from './catalog.snapshot.js';

type ByTool = ReadonlyMap<string, readonly MirroredParam[]>;

const NONE: readonly MirroredParam[] = [];

/** Which arguments of a tool its calls repeat in the head, by what the upstream's own list says now. */
@Injectable()
export class MirroredArguments {
  private tools: Snapshot['tools'] | null = null;
  private gateways: ReadonlyMap<GatewayId, ByTool> = new Map();

  constructor(private readonly catalog: CatalogService) {}

  /** @param tool the upstream's own name */
  of(gateway: GatewayId, tool: string): readonly MirroredParam[] {
    const { tools } = this.catalog.snapshot;
    if (tools !== this.tools) {
      this.tools = tools;
      this.gateways = collect(tools);
    }
    return this.gateways.get(gateway)?.get(tool) ?? NONE;
  }
}

function collect(rows: Snapshot['tools']): ReadonlyMap<GatewayId, ByTool> {
  const gateways = new Map<GatewayId, Map<string, readonly MirroredParam[]>>();
  for (const row of rows.values()) {
    const params = row.mirrored();
    if (params.length === 0) continue;
    const { gatewayId, originalName } = row.item;
    const tools = gateways.get(gatewayId) ?? new Map<string, readonly MirroredParam[]>();
    gateways.set(gatewayId, tools.set(originalName, params));
  }
  return gateways;
}
