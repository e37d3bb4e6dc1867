import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { type ToolPatch, ToolsService } from '../../registry/tools.service.js';
import type { Tool } from '../../kernel/catalog.js';
import { Answer } from '../answer.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { GatewayLookup } from '../gateway-lookup.service.js';
import { matchVersion } from '../if-match.js';
import { listAnswer, readListRequest } from '../list-query.js';
import { Query } from '../query.js';
import { deleted, stateAnswer } from '../state-answer.js';
import type { ToolBody } from './tool-body.js';
import { toolView } from '../../registry/views/tool-view.js';

/** What the tool routes do: find, check the version, change, show. */
@Injectable()
export class ToolDoor {
  constructor(
    private readonly tools: ToolsService,
    private readonly gateways: GatewayLookup,
    private readonly metrics: EntityMetrics,
  ) {}

  list({ query, caller }: Asked): Answer {
    const request = readListRequest(query, this.gateways.idOf, this.metrics.counter('tool'));
    const page = this.tools.list(request.query, caller);
    return listAnswer('tools', page, request.shape, (tool) => this.view(tool));
  }

  get(id: string, { caller }: Asked): Answer {
    return this.answer(this.tools.get(id, caller));
  }

  async update(id: string, body: ToolBody, { caller, actor, ifMatch }: Asked): Promise<Answer> {
    const tool = this.tools.get(id, caller);
    const version = matchVersion(ifMatch, tool.version);
    return this.answer(await this.tools.update(tool.id, toPatch(body, tool), actor, version));
  }

  async setState(id: string, enabled: boolean, asked: Asked): Promise<Answer> {
    const tool = this.tools.get(id, asked.caller);
    const version = matchVersion(asked.ifMatch, tool.version);
    const after = await this.tools.setEnabled(tool.id, enabled, asked.actor, version);
    return stateAnswer('Tool', after, this.view(after));
  }

  async delete(id: string, { caller, ifMatch, query }: Asked): Promise<View> {
    const parameters = new Query(query);
    const purges = parameters.flag('purge_metrics') ?? false;
    parameters.check();
    const tool = this.tools.get(id, caller);
    await this.tools.delete(tool.id, matchVersion(ifMatch, tool.version));
    if (purges) await this.metrics.forget('tool', tool.id);
    return deleted(`Tool ${tool.id} permanently deleted`);
  }

  /** Tools of our own (REST, command line) have no driver yet; those of MCP come from gateways. */
  refuseCreation(): never {
    const detail =
      'REST and CLI tools are not served by this version yet; MCP tools come from gateways';
    throw new GatewayError(
      'validation_failed',
      { summary: detail },
      { errors: [{ pointer: '/integrationType', detail, type: 'not_supported' }] },
    );
  }

  private answer(tool: Tool): Answer {
    return new Answer(this.view(tool), { version: tool.version });
  }

  private view(tool: Tool): View {
    return { ...toolView(tool, this.gateways.of(tool)), ...this.metrics.of('tool', tool.id) };
  }
}

/** `name` renames: it is the custom name, unless it is the exposed one that a client sends back. */
function toPatch(body: ToolBody, tool: Tool): ToolPatch {
  const renamed = body.name === tool.name ? undefined : body.name;
  return {
    customName: body.customName === undefined ? renamed : body.customName,
    displayName: body.displayName,
    title: body.title,
    description: body.description,
    annotations: body.annotations,
    tags: body.tags,
    meta: body.meta,
    timeoutMs: body.timeoutMs,
    maxCallsPerMinute: body.maxCallsPerMinute,
    retryable: body.retryable,
  };
}
