import { Injectable } from '@nestjs/common';
import type { GatewayId } from '../kernel/ids.js';
import { type MirroredParam, mirroredParams } from '../kernel/mirrored-params.js';
import { CatalogService } from './catalog.service.js';
import type { Snapshot } from './catalog.snapshot.js';
import { membersOf } from './item-text.js';

type ByTool = ReadonlyMap<string, readonly MirroredParam[]>;

const NONE: readonly MirroredParam[] = [];

/** Which arguments of a tool its calls repeat in the head, by what the upstream's own list says now. */
@Injectable()
export class MirroredArguments {
  private snapshot: Snapshot | null = null;
  private gateways: ReadonlyMap<GatewayId, ByTool> = new Map();

  constructor(private readonly catalog: CatalogService) {}

  /** @param tool the upstream's own name */
  of(gateway: GatewayId, tool: string): readonly MirroredParam[] {
    const { snapshot } = this.catalog;
    if (snapshot !== this.snapshot) {
      this.snapshot = snapshot;
      this.gateways = collect(snapshot);
    }
    return this.gateways.get(gateway)?.get(tool) ?? NONE;
  }
}

/** Few tools mark anything: only those are parsed. */
function collect(snapshot: Snapshot): ReadonlyMap<GatewayId, ByTool> {
  const gateways = new Map<GatewayId, Map<string, readonly MirroredParam[]>>();
  for (const { item } of snapshot.tools.values()) {
    if (!item.definition.includes('x-mcp-header')) continue;
    const schema = membersOf(item.definition).raw('inputSchema') ?? '{}';
    const { params } = mirroredParams(JSON.parse(schema));
    const tools = gateways.get(item.gatewayId) ?? new Map<string, readonly MirroredParam[]>();
    gateways.set(item.gatewayId, tools.set(item.originalName, params));
  }
  return gateways;
}
