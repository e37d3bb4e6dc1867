import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { CatalogService } from '../../registry/catalog.service.js';
import type { CatalogView, ResourceEntry } from '../../registry/entries.js';
import { requireTasks, withTasks } from '../era/bridge/task-offer.js';
import { TaskSeals } from '../era/bridge/task-seals.js';
import { type ListenFilter, parseFilter } from '../era/listen-filter.js';
import { type Granted, Listens } from '../era/listens.js';
import { OwnResults } from '../era/own-results.js';
import type { Handlers } from './registry.js';

/** Subscriptions of modern clients: one request that stays open (26 Subscriptions). */
@Injectable()
export class SubscriptionsMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly listens: Listens,
    private readonly own: OwnResults,
    private readonly seals: TaskSeals,
  ) {}

  handlers(): Handlers {
    return { 'subscriptions/listen': (call) => this.listen(call) };
  }

  private async listen(call: Call): Promise<string> {
    // Where nothing can precede an answer there is nothing to listen on.
    if (!call.channel.canNotify)
      throw new GatewayError('method_not_found', { method: call.message.method });
    const asked = parseFilter(call.message.params?.raw('notifications'));
    const meta = await this.listens.run(call, this.grant(call, asked));
    return this.own.dress(call, '', meta);
  }

  /** The subset that this Caller may hear of and somebody can tell. */
  private grant(call: Call, asked: ListenFilter): Granted {
    const { permissions } = call.caller;
    const view = this.catalog.view(call.caller, call.serverId);
    const mayRead = permissions.has('resources.read');
    const resources = (mayRead ? asked.resourceSubscriptions : []).flatMap((uri) => {
      const entry = watchable(view, uri);
      return entry === null ? [] : [[uri, entry] as const];
    });
    const tasks = this.tasksOf(call, asked.taskIds, view);
    return {
      filter: {
        toolsListChanged: asked.toolsListChanged && permissions.has('tools.read'),
        promptsListChanged: asked.promptsListChanged && permissions.has('prompts.read'),
        resourcesListChanged: asked.resourcesListChanged && mayRead,
        resourceSubscriptions: resources.map(([uri]) => uri),
        taskIds: tasks.map(([shownId]) => shownId),
      },
      resources,
      tasks,
    };
  }

  /**
   * Foreign, changed and unknown ids alike are not granted.
   * @throws GatewayError `missing_client_capability`
   */
  private tasksOf(call: Call, shownIds: readonly string[], view: CatalogView): Granted['tasks'] {
    const gateways = shownIds.length === 0 ? [] : withTasks(view.gateways);
    if (gateways.length === 0 || !call.caller.permissions.has('tools.execute')) return [];
    requireTasks(call);
    return shownIds.flatMap((shownId) => {
      const task = this.seals.find(call, shownId);
      const isReached = gateways.some(({ id }) => id === task?.gatewayId);
      return task === undefined || !isReached ? [] : [[shownId, task] as const];
    });
  }
}

function watchable(view: CatalogView, uri: string): ResourceEntry | null {
  let entry: ResourceEntry;
  try {
    entry = view.resource(uri);
  } catch (e) {
    if (e instanceof GatewayError) return null;
    throw e;
  }
  const offered = entry.gateway.capabilities['resources'];
  const isOffered = typeof offered === 'object' && offered !== null && 'subscribe' in offered;
  return isOffered && offered.subscribe === true ? entry : null;
}
