import { Injectable } from '@nestjs/common';
import { Abort } from '../kernel/abort.js';
import type { Call } from '../kernel/call.js';
import type { Gateway } from '../kernel/catalog.js';
import { takesTasks } from '../kernel/core-tasks.js';
import { GatewayError } from '../kernel/errors.js';
import { RELAYED, scanJson } from '../kernel/json-scan.js';
import { LATEST_LEGACY } from '../kernel/mcp.js';
import { relatedResult } from '../kernel/related-task.js';
import { CatalogService } from '../registry/catalog.service.js';
import { withShownUris } from '../registry/uri-text.js';
import { cancelCoreTask } from './era/bridge/cancel-core-task.js';
import { TaskWatch } from './era/bridge/task-watch.js';
import { withTaskId } from './era/bridge/task-results.js';
import { TaskSeals } from './era/bridge/task-seals.js';
import { Legs, type Upward } from './legs.js';
import { TaskNotices } from './task-notices.js';

const REPLACED = ['taskId', '_meta'];

/**
 * Tasks between legacy ends: the upstream keeps them, the client knows them by sealed ids
 * (PROTOCOL.md §5.8, 25 Tasks).
 */
@Injectable()
export class CoreTasks {
  constructor(
    private readonly catalog: CatalogService,
    private readonly seals: TaskSeals,
    private readonly legs: Legs,
    private readonly notices: TaskNotices,
  ) {}

  /**
   * Calls a tool as the task that the client wants to follow.
   * @returns the `result`, with the sealed id where a task was begun
   * @throws as Legs.send · GatewayError `upstream_error` for a task without an id
   */
  async begin(call: Call, up: Upward): Promise<string> {
    // What is to end a task is `tasks/cancel`, and that takes its id.
    const knownAs = this.knownTo(call, up.gateway);
    const leg = new TaskWatch(this.legs.taskStream(call), new Abort(), null, knownAs);
    const reply = await this.legs.send(call, up, leg);
    // A tool may answer at once.
    const result = withShownUris(reply.result, up.uris ?? null);
    const { top, nested } = scanJson(result, { ...RELAYED, nested: ['task'] });
    const task = nested['task'];
    if (task === undefined) return result;
    const taskId = task.string('taskId');
    if (taskId === undefined)
      throw new GatewayError('upstream_error', { reason: 'Upstream began a task without an id' });
    if (call.abort.aborted) {
      // Nobody knows the task.
      void cancelCoreTask(this.legs, call, { gateway: up.gateway, name: up.name }, taskId);
      throw new GatewayError('cancelled');
    }
    const gatewayId = up.gateway.id;
    const shownId = this.seals.seal(call, { gatewayId, taskId });
    this.notices.follow({ gatewayId, taskId, shownId }, call.client.sessionId);
    const shown = task.spliced(new Map([['taskId', JSON.stringify(shownId)]]));
    return relatedResult(top.spliced(new Map([['task', shown]])), shownId);
  }

  /**
   * `tasks/get`, `tasks/result`, `tasks/cancel` of a legacy client.
   * @throws as Legs.send · GatewayError `method_not_found` where nobody runs tasks,
   *   `missing_parameter`, `task_not_found`
   */
  async relay(call: Call): Promise<string> {
    const { method, params } = call.message;
    const gateways = this.offering(call);
    if (gateways.length === 0) throw new GatewayError('method_not_found', { method });
    const shownId = params?.string('taskId');
    if (params === null || shownId === undefined)
      throw new GatewayError('missing_parameter', { what: 'taskId' });
    const { gatewayId, taskId } = this.seals.open(call, shownId);
    const gateway = gateways.find(({ id }) => id === gatewayId);
    if (gateway === undefined) throw new GatewayError('task_not_found');
    const rest = params.rest(REPLACED, REPLACED);
    const own = `"taskId":${JSON.stringify(taskId)}`;
    const up: Upward = {
      ...{ gateway, kind: 'Task', name: shownId, target: taskId },
      params: rest === '' ? own : `${own},${rest}`,
      isRetryable: method === 'tasks/get',
    };
    const knownAs = this.knownTo(call, gateway);
    const leg = new TaskWatch(this.legs.taskStream(call), call.abort, null, (id) =>
      id === taskId ? shownId : knownAs(id),
    );
    this.notices.follow({ gatewayId, taskId, shownId }, call.client.sessionId);
    if (method !== 'tasks/result')
      return withTaskId((await this.legs.send(call, up, leg)).result, shownId);
    // It is answered when the task has ended: until then silence means nothing.
    const patient = { ...up, timeoutMs: this.legs.totalMs(up) };
    const { result } = await this.legs.send(call, patient, leg);
    this.notices.forget({ gatewayId, taskId });
    // What it is shown by may have changed while the task ran.
    const view = this.catalog.view(call.caller, call.serverId);
    return relatedResult(withShownUris(result, view.uris(gatewayId)), shownId);
  }

  /** How the session of a call knows the tasks of an upstream. */
  private knownTo({ client }: Call, { id }: Gateway): (taskId: string) => string | null {
    return (taskId) => this.notices.shownId({ gatewayId: id, taskId }, client.sessionId);
  }

  /** The upstreams whose tasks this client can follow. */
  private offering({ caller, client, serverId }: Call): readonly Gateway[] {
    if (client.revision !== LATEST_LEGACY) return [];
    return this.catalog.view(caller, serverId).gateways.filter(takesTasks);
  }
}
