import { Injectable } from '@nestjs/common';
import type { Resource } from '../../kernel/catalog.js';
import { ResourcesService } from '../../registry/resources.service.js';
import { Answer } from '../answer.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { GatewayLookup } from '../gateway-lookup.service.js';
import { matchVersion } from '../if-match.js';
import { listAnswer, readListRequest } from '../list-query.js';
import { stateAnswer } from '../state-answer.js';
import { resourceView, templateView } from './resource-view.js';

/** What the resource routes do. */
@Injectable()
export class ResourceDoor {
  constructor(
    private readonly resources: ResourcesService,
    private readonly gateways: GatewayLookup,
    private readonly metrics: EntityMetrics,
  ) {}

  list({ query, caller }: Asked): Answer {
    const request = readListRequest(query, this.gateways.idOf, this.metrics.counter('resource'));
    const page = this.resources.list(request.query, caller);
    const shadowed = this.resources.shadowed();
    return listAnswer('resources', page, request.shape, (r) => this.view(r, shadowed));
  }

  info(idOrUri: string, { caller }: Asked): Answer {
    const resource = this.resources.get(idOrUri, caller);
    return new Answer(this.view(resource), { version: resource.version });
  }

  /** Keys as existing clients know them: snake_case outside, MCP inside. */
  templates({ query, caller }: Asked): View {
    const request = readListRequest(query, this.gateways.idOf);
    const { items } = this.resources.list(request.query, caller);
    const templates = items.filter((resource) => resource.isTemplate).map(templateView);
    return { _meta: {}, next_cursor: null, resource_templates: templates };
  }

  async setState(idOrUri: string, enabled: boolean, asked: Asked): Promise<Answer> {
    const resource = this.resources.get(idOrUri, asked.caller);
    const version = matchVersion(asked.ifMatch, resource.version);
    const after = await this.resources.setEnabled(resource.id, enabled, asked.actor, version);
    return stateAnswer('Resource', after, this.view(after));
  }

  private view(resource: Resource, shadowed = this.resources.shadowed()): View {
    const shadowedBy = shadowed.get(resource.id) ?? null;
    const view = resourceView(resource, this.gateways.of(resource), shadowedBy);
    return { ...view, ...this.metrics.of('resource', resource.id) };
  }
}
