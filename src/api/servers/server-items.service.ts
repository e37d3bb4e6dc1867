import { Injectable } from '@nestjs/common';
import { ResourcesService } from '../../registry/resources.service.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { GatewayLookup } from '../gateway-lookup.service.js';
import { promptView } from '../prompts/prompt-view.js';
import { Query } from '../query.js';
import { resourceView } from '../resources/resource-view.js';
import { toolView } from '../../registry/views/tool-view.js';
import { ServerDoor } from './server-door.service.js';

/** The members of a Server, whole and in the owner's order. */
@Injectable()
export class ServerItems {
  constructor(
    private readonly servers: ServerDoor,
    private readonly resourcesService: ResourcesService,
    private readonly gateways: GatewayLookup,
    private readonly metrics: EntityMetrics,
  ) {}

  tools(id: string, asked: Asked): View[] {
    const { tools } = this.servers.members(id, asked);
    return shown(tools, asked).map((tool) => ({
      ...toolView(tool, this.gateways.of(tool)),
      ...this.metrics.of('tool', tool.id),
    }));
  }

  resources(id: string, asked: Asked): View[] {
    const { resources } = this.servers.members(id, asked);
    const shadowed = this.resourcesService.shadowed();
    return shown(resources, asked).map((resource) => ({
      ...resourceView(resource, this.gateways.of(resource), shadowed.get(resource.id) ?? null),
      ...this.metrics.of('resource', resource.id),
    }));
  }

  prompts(id: string, asked: Asked): View[] {
    const { prompts } = this.servers.members(id, asked);
    return shown(prompts, asked).map((prompt) => ({
      ...promptView(prompt, this.gateways.of(prompt)),
      ...this.metrics.of('prompt', prompt.id),
    }));
  }
}

function shown<T extends { readonly enabled: boolean }>(items: readonly T[], asked: Asked): T[] {
  const query = new Query(asked.query);
  const all = query.flag('include_inactive') ?? false;
  query.check();
  return items.filter((item) => all || item.enabled);
}
