import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { Prompt, Resource, Server, Tool } from '../../kernel/catalog.js';
import { TOKEN_VARIABLE } from '../../kernel/connect/clients.js';
import { clientKey, clientSnippet } from '../../kernel/connect/snippet.js';
import { parseUuid, type ServerId } from '../../kernel/ids.js';
import type { ServerPatch } from '../../registry/server-fields.js';
import { ServersService } from '../../registry/servers.service.js';
import { Answer } from '../answer.js';
import type { Asked } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { EntityMetrics } from '../entity-metrics.service.js';
import { publicBase } from '../edge/public-base.js';
import { matchVersion } from '../if-match.js';
import { listAnswer, readListRequest } from '../list-query.js';
import { deleted } from '../state-answer.js';
import { readClient } from './connect-query.js';
import { membersOf, type NewServerBody, type ServerBody } from './server-body.js';
import { serverView } from './server-view.js';

type Members = { tools: Tool[]; resources: Resource[]; prompts: Prompt[] };

/** What the server routes do: find, check the version, change, show. */
@Injectable()
export class ServerDoor {
  constructor(
    private readonly servers: ServersService,
    private readonly config: Config,
    private readonly metrics: EntityMetrics,
  ) {}

  list(asked: Asked): Answer {
    const request = readListRequest(asked.query, () => undefined, this.metrics.counter('server'));
    const page = this.servers.list(request.query, asked.caller);
    return listAnswer('servers', page, request.shape, (server) => this.view(server, asked));
  }

  get(id: string, asked: Asked): Answer {
    return this.answer(this.servers.get(id, asked.caller), asked);
  }

  async create(body: NewServerBody, asked: Asked): Promise<Answer> {
    const input = {
      ...toPatch(body),
      name: body.name ?? '',
      id: body.id === undefined ? undefined : parseUuid<ServerId>(body.id),
      enabled: body.isActive,
    };
    const server = await this.servers.create(input, asked.actor, asked.caller);
    const about = { version: server.version, location: `/servers/${server.id}` };
    return new Answer(this.view(server, asked), about);
  }

  async update(id: string, body: ServerBody, asked: Asked): Promise<Answer> {
    const { caller, actor, ifMatch } = asked;
    const server = this.servers.get(id, caller);
    const version = matchVersion(ifMatch, server.version);
    const patch = { ...toPatch(body), caller };
    return this.answer(await this.servers.update(server.id, patch, actor, version), asked);
  }

  /** The one state route that answers the bare entity. */
  async setState(id: string, enabled: boolean, asked: Asked): Promise<Answer> {
    const server = this.servers.get(id, asked.caller);
    const version = matchVersion(asked.ifMatch, server.version);
    const after = await this.servers.setEnabled(server.id, enabled, asked.actor, version);
    return this.answer(after, asked);
  }

  async delete(id: string, { caller, ifMatch }: Asked): Promise<View> {
    const server = this.servers.get(id, caller);
    await this.servers.delete(server.id, matchVersion(ifMatch, server.version));
    return deleted(`Server ${server.id} deleted successfully`);
  }

  members(id: string, { caller }: Asked): Members {
    return this.servers.members(this.servers.get(id, caller), caller);
  }

  /** What a client's own configuration has to say to reach this Server; never a live token. */
  connect(id: string, asked: Asked): View {
    const server = this.servers.get(id, asked.caller);
    const client = readClient(asked.query);
    const url = `${publicBase(asked.request, this.config)}/servers/${server.id}/mcp`;
    const snippet = clientSnippet(client, { key: clientKey(server.name, server.id), url });
    return { client, ...snippet, env: [TOKEN_VARIABLE] };
  }

  private answer(server: Server, asked: Asked): Answer {
    return new Answer(this.view(server, asked), { version: server.version });
  }

  private view(server: Server, asked: Asked): View {
    const members = this.servers.members(server, asked.caller);
    const missing = this.servers.missing(server);
    const base = publicBase(asked.request, this.config);
    const view = serverView(server, { ...members, missing }, base);
    return { ...view, ...this.metrics.of('server', server.id) };
  }
}

function toPatch(body: ServerBody): ServerPatch {
  const { associatedTools, associatedResources, associatedPrompts } = body;
  const list = (value: string | string[] | null | undefined): string[] | undefined =>
    value === undefined ? undefined : membersOf(value);
  return {
    name: body.name,
    description: body.description,
    icon: body.icon,
    instructions: body.instructions,
    nameMode: body.nameMode,
    maxCallsPerMinute: body.maxCallsPerMinute,
    tags: body.tags,
    meta: body.meta,
    associatedTools: list(associatedTools),
    associatedResources: list(associatedResources),
    associatedPrompts: list(associatedPrompts),
  };
}
