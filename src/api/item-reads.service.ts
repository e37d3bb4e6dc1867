import { Injectable } from '@nestjs/common';
import type { JsonObject, Resource } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { PromptsService } from '../registry/prompts.service.js';
import { ResourcesService } from '../registry/resources.service.js';
import type { View } from '../registry/views/common-view.js';
import type { Asked } from './asked.decorator.js';
import { promptArguments, requireNewest, type WantedVersion } from './prompts/rendering.js';
import { type RawContent, rawContent } from './resources/raw-content.js';
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
    const { resource, uri, first } = await this.read(idOrUri, asked);
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

  /** @throws GatewayError `upstream_error` where there is neither text nor blob */
  async content(idOrUri: string, asked: Asked): Promise<RawContent> {
    const { resource, first } = await this.read(idOrUri, asked);
    return rawContent(first, resource?.mimeType ?? null);
  }

  async test(uri: string, asked: Asked): Promise<View> {
    return { content: await this.upstreams.resource(uri, asked) };
  }

  /** @param wanted the version to render; of a federated prompt there is only the newest */
  async prompt(
    idOrName: string,
    { given, wanted }: { given: JsonObject; wanted: WantedVersion },
    asked: Asked,
  ): Promise<View> {
    const prompt = this.prompts.get(idOrName, asked.caller);
    requireNewest(prompt, wanted);
    const { messages, description } = await this.upstreams.prompt(
      prompt.name,
      promptArguments(given),
      asked,
    );
    return { messages: messages ?? [], description: description ?? null };
  }

  private async read(idOrUri: string, asked: Asked): Promise<ReadItem> {
    const resource = this.find(idOrUri, asked);
    const uri = resource?.uri ?? idOrUri;
    const called = resource === undefined ? idOrUri : this.resources.uriOf(resource, asked.caller);
    const { contents } = await this.upstreams.resource(called, asked);
    const first = (Array.isArray(contents) ? (contents as JsonObject[]) : [])[0] ?? {};
    return { resource, uri, first };
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

interface ReadItem {
  readonly resource: Resource | undefined;
  readonly uri: string;
  /** The first of the contents; `{}` where the upstream gave none. */
  readonly first: JsonObject;
}
