import { Injectable } from '@nestjs/common';
import { Abort } from '../kernel/abort.js';
import type { Call } from '../kernel/call.js';
import type { Gateway } from '../kernel/catalog.js';
import { offersTasks } from '../kernel/core-tasks.js';
import { GatewayError } from '../kernel/errors.js';
import { RELAYED, scanJson } from '../kernel/json-scan.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { LATEST_LEGACY, RPC_CODE } from '../kernel/mcp.js';
import { relatedResult } from '../kernel/related-task.js';
import { CatalogService } from '../registry/catalog.service.js';
import { withShownUris } from '../registry/uri-text.js';
import { cancelCoreTask } from './era/bridge/cancel-core-task.js';
import { TaskWatch } from './era/bridge/task-watch.js';
import { withTaskId } from './era/bridge/task-results.js';
import { TaskSeals, type UpstreamTask } from './era/bridge/task-seals.js';
import { Legs, type Upward } from './legs.js';
import type { TaskProgress } from './task-progress.js';
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
    const token = this.legs.progressToken(call);
    const { sessionId } = call.client;
    const progress =
      sessionId === null || token === undefined
        ? null
        : this.notices.progressFor(up.gateway.id, sessionId, token);
    try {
      return await this.beginWith(call, up, progress);
    } catch (e) {
      progress?.end();
      throw e;
    }
  }

  private async beginWith(call: Call, up: Upward, progress: TaskProgress | null): Promise<string> {
    // What is to end a task is `tasks/cancel`, and that takes its id.
    const hears = this.legs.taskStream(call);
    const knownAs = this.knownTo(call, up.gateway);
    const leg = new TaskWatch(hears, new Abort(), null, knownAs, progress);
    const reply = await this.legs.send(call, up, leg);
    // A tool may answer at once.
    const result = withShownUris(reply.result, up.uris ?? null);
    const { top, nested } = scanJson(result, { ...RELAYED, nested: ['task'] });
    const task = nested['task'];
    if (task === undefined) {
      progress?.end();
      return result;
    }
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
    this.notices.begun({ gatewayId, taskId, shownId }, call.client.sessionId, progress);
    progress?.begin();
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
    const task = { gatewayId, taskId };
    this.notices.asked({ ...task, shownId }, call.client.sessionId);
    if (method !== 'tasks/result') {
      const { result } = await this.legs.send(call, up, leg).catch((e: unknown) => {
        if (isUnknown(e)) this.notices.cancelled(task);
        throw e;
      });
      if (method === 'tasks/cancel') this.notices.cancelled(task);
      return withTaskId(result, shownId);
    }
    const result = await this.awaited(call, up, leg, task);
    this.notices.forget(task);
    // What it is shown by may have changed while the task ran.
    const view = this.catalog.view(call.caller, call.serverId);
    return relatedResult(withShownUris(result, view.uris(gatewayId)), shownId);
  }

  /** The result, when the task has ended: until then silence means nothing. */
  private async awaited(call: Call, up: Upward, leg: TaskWatch, task: UpstreamTask) {
    const { channel } = call;
    const progress = channel.canNotify ? this.notices.progressOf(task) : null;
    const stop = progress?.alsoOn((text) => channel.send(text));
    try {
      const patient = { ...up, timeoutMs: this.legs.totalMs(up) };
      return (await this.legs.send(call, patient, leg)).result;
    } finally {
      stop?.();
    }
  }

  /** How the session of a call knows the tasks of an upstream. */
  private knownTo({ client }: Call, { id }: Gateway): (taskId: string) => string | null {
    return (taskId) => this.notices.shownId({ gatewayId: id, taskId }, client.sessionId);
  }

  /** The upstreams whose tasks this client can follow. */
  private offering({ caller, client, serverId }: Call): readonly Gateway[] {
    if (client.revision !== LATEST_LEGACY) return [];
    return this.catalog.view(caller, serverId).gateways.filter(offersTasks);
  }
}

/** Whether an upstream refuses an id as one of no task of its own (25 Tasks §Error Handling). */
function isUnknown(error: unknown): boolean {
  return error instanceof UpstreamRpcError && error.code === RPC_CODE.invalidParams;
}
