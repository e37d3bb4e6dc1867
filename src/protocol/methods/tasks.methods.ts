import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { CoreTasks } from '../core-tasks.js';
import { requireTasks, withTasks } from '../era/bridge/task-offer.js';
import { withTaskId } from '../era/bridge/task-results.js';
import { TaskSeals } from '../era/bridge/task-seals.js';
import type { Handlers } from './registry.js';
import { UpwardCalls } from './upward.js';

const REPLACED = ['taskId', '_meta'];

/** The tasks of upstreams, for clients of the same era (PROTOCOL.md §5.8). */
@Injectable()
export class TasksMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly seals: TaskSeals,
    private readonly upward: UpwardCalls,
    private readonly core: CoreTasks,
  ) {}

  handlers(): Handlers {
    return {
      'tasks/get': (call) => this.either(call),
      'tasks/result': (call) => this.core.relay(call),
      'tasks/update': (call) => this.relay(call),
      'tasks/cancel': (call) => this.either(call),
    };
  }

  private either(call: Call): Promise<string> {
    return call.client.era === 'modern' ? this.relay(call) : this.core.relay(call);
  }

  private async relay(call: Call): Promise<string> {
    const { gateways } = this.catalog.view(call.caller, call.serverId);
    const routed = withTasks(gateways);
    if (routed.length === 0)
      throw new GatewayError('method_not_found', { method: call.message.method });
    requireTasks(call);
    const { params } = call.message;
    const shownId = params?.string('taskId');
    if (params === null || shownId === undefined)
      throw new GatewayError('missing_parameter', { what: 'taskId' });
    const task = this.seals.open(call, shownId);
    const gateway = routed.find(({ id }) => id === task.gatewayId);
    if (gateway === undefined) throw new GatewayError('task_not_found');
    const rest = params.rest(REPLACED, REPLACED);
    const own = `"taskId":${JSON.stringify(task.taskId)}`;
    const result = await this.upward.send(call, {
      gateway,
      kind: 'Task',
      name: shownId,
      target: task.taskId,
      params: rest === '' ? own : `${own},${rest}`,
    });
    return withTaskId(result, shownId);
  }
}
