import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Trail } from '../../audit/trail.js';
import { CatalogService } from '../../registry/catalog.service.js';
import type { ResourceEntry } from '../../registry/entries.js';
import { LoginQuestions } from '../login-questions.js';
import { CachedReads } from '../cached-reads.js';
import type { Upward } from '../legs.js';
import { ResourceSubscriptions } from '../resource-subscriptions.js';
import { Lists } from './lists.js';
import type { Handlers } from './registry.js';
import { UpwardCalls } from './upward.js';

/** What the gateway writes anew; answers and state belong to a leg, not to the call. */
const REPLACED = ['uri', '_meta', 'inputResponses', 'requestState'];

@Injectable()
export class ResourcesMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly upward: UpwardCalls,
    private readonly lists: Lists,
    private readonly subscriptions: ResourceSubscriptions,
    private readonly logins: LoginQuestions,
    private readonly reads: CachedReads,
  ) {}

  handlers(): Handlers {
    return {
      'resources/list': (call) => this.lists.answer(call, 'resources'),
      'resources/templates/list': (call) => this.lists.answer(call, 'resourceTemplates'),
      'resources/read': (call, trail) => this.read(call, trail),
      'resources/subscribe': (call) => this.subscribe(call),
      'resources/unsubscribe': (call) => this.unsubscribe(call),
    };
  }

  private async read(call: Call, trail: Trail): Promise<string> {
    const { uri, entry } = this.resolve(call);
    const { gateway, upstreamUri } = entry;
    trail.target = {
      kind: 'resource',
      id: entry.resource.id,
      gatewayId: gateway.id,
      tool: uri,
      gateway: gateway.name,
      gatewaySlug: gateway.slug,
      server: call.serverId,
      upstreamName: upstreamUri,
    };
    const rest = call.message.params?.rest(REPLACED, REPLACED) ?? '';
    const own = `"uri":${JSON.stringify(upstreamUri)}`;
    const up: Upward = {
      gateway,
      kind: 'Resource',
      name: uri,
      target: upstreamUri,
      params: rest === '' ? own : `${own},${rest}`,
      uris: entry.uris,
      replied: this.reads.keeper(call, entry),
    };
    const kept = this.reads.find(call, entry);
    const result =
      kept === null ? await this.upward.send(call, up) : this.upward.dress(call, up, kept);
    return this.reads.scoped(call, result);
  }

  private async subscribe(call: Call): Promise<string> {
    const { uri, entry } = this.resolve(call);
    try {
      await this.subscriptions.subscribe(call, uri, entry);
    } catch (e) {
      if (this.logins.isFor(e)) return this.logins.demand(call, entry.gateway, e);
      throw e;
    }
    return '{}';
  }

  /** What was subscribed can be given back, also where the resource has gone out of sight. */
  private async unsubscribe(call: Call): Promise<string> {
    const { sessionId } = call.client;
    const isDone =
      sessionId !== null && (await this.subscriptions.unsubscribe(sessionId, uriOf(call)));
    if (!isDone) this.resolve(call);
    return '{}';
  }

  private resolve(call: Call): { uri: string; entry: ResourceEntry } {
    const uri = uriOf(call);
    return { uri, entry: this.catalog.view(call.caller, call.serverId).resource(uri) };
  }
}

function uriOf(call: Call): string {
  const uri = call.message.params?.string('uri');
  if (uri === undefined) throw new GatewayError('missing_parameter', { what: 'resource URI' });
  return uri;
}
