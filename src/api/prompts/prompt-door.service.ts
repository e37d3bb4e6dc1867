import { Injectable } from '@nestjs/common';
import type { Prompt } from '../../kernel/catalog.js';
import { PromptsService } from '../../registry/prompts.service.js';
import { Answer } from '../answer.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { GatewayLookup } from '../gateway-lookup.service.js';
import { matchVersion } from '../if-match.js';
import { listAnswer, readListRequest } from '../list-query.js';
import { stateAnswer } from '../state-answer.js';
import { promptView } from './prompt-view.js';

/** What the prompt routes do. */
@Injectable()
export class PromptDoor {
  constructor(
    private readonly prompts: PromptsService,
    private readonly gateways: GatewayLookup,
    private readonly metrics: EntityMetrics,
  ) {}

  list({ query, caller }: Asked): Answer {
    const request = readListRequest(query, this.gateways.idOf, this.metrics.counter('prompt'));
    const page = this.prompts.list(request.query, caller);
    return listAnswer('prompts', page, request.shape, (prompt) => this.view(prompt));
  }

  get(id: string, { caller }: Asked): Answer {
    const prompt = this.prompts.get(id, caller);
    return new Answer(this.view(prompt), { version: prompt.version });
  }

  async setState(id: string, enabled: boolean, asked: Asked): Promise<Answer> {
    const prompt = this.prompts.get(id, asked.caller);
    const version = matchVersion(asked.ifMatch, prompt.version);
    const after = await this.prompts.setEnabled(prompt.id, enabled, asked.actor, version);
    return stateAnswer('Prompt', after, this.view(after));
  }

  private view(prompt: Prompt): View {
    const view = promptView(prompt, this.gateways.of(prompt));
    return { ...view, ...this.metrics.of('prompt', prompt.id) };
  }
}
