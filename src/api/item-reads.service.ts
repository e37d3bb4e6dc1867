import { Injectable } from '@nestjs/common';
import type { JsonObject, Resource } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { PromptsService } from '../registry/prompts.service.js';
import { ResourcesService } from '../registry/resources.service.js';
import type { View } from '../registry/views/common-view.js';
import type { Asked } from './asked.decorator.js';
import { UpstreamReads } from './upstream-reads.service.js';

/** Contents of resources and messages of prompts, as the REST API shows them. */
@Injectable()
export class ItemReads {
  constructor(
    private readonly resources: ResourcesService,
    private readonly prompts: PromptsService,
    private readonly upstreams: UpstreamReads,
  ) {}

  /** Both spellings of the media type: existing clients read the snake_case one (API.md §2.3). */
  async resource(idOrUri: string, asked: Asked): Promise<View> {
    const resource = this.find(idOrUri, asked);
    const uri = resource?.uri ?? idOrUri;
    const { contents } = await this.upstreams.resource(uri, asked);
    const first = (Array.isArray(contents) ? (contents as JsonObject[]) : [])[0] ?? {};
    const mimeType = first['mimeType'] ?? resource?.mimeType ?? null;
    return {
      type: 'resource',
      id: resource?.id ?? null,
      uri,
      mime_type: mimeType,
      mimeType,
      text: first['text'] ?? null,
      blob: first['blob'] ?? null,
    };
  }

  async test(uri: string, asked: Asked): Promise<View> {
    return { content: await this.upstreams.resource(uri, asked) };
  }

  async prompt(idOrName: string, given: JsonObject, asked: Asked): Promise<View> {
    const { name } = this.prompts.get(idOrName, asked.caller);
    const { messages, description } = await this.upstreams.prompt(name, given, asked);
    return { messages: messages ?? [], description: description ?? null };
  }

  /** @returns `undefined` for a URI that only a template may know */
  private find(idOrUri: string, { caller }: Asked): Resource | undefined {
    try {
      const resource = this.resources.get(idOrUri, caller);
      // Calls name resources by URI, and that is another's.
      if (this.resources.shadowed().has(resource.id))
        throw new GatewayError('upstream_unavailable', { kind: 'Resource', name: idOrUri });
      return resource;
    } catch (e) {
      if (e instanceof GatewayError && e.code === 'resource_not_found') return undefined;
      throw e;
    }
  }
}
