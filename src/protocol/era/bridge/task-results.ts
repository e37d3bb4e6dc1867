import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { TASKS, declaresExtension } from '../../../kernel/extensions.js';
import type { GatewayId } from '../../../kernel/ids.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import { relatedResult } from '../../../kernel/related-task.js';
import type { TaskSeals } from './task-seals.js';

/**
 * The task that a modern upstream began instead of answering; `null` for every other result.
 * @throws GatewayError `upstream_error` when it has no id
 */
export function readTask(
  result: string,
): { readonly taskId: string; readonly top: Members } | null {
  // Nearly no result has the word, so nearly none is scanned.
  if (!result.includes('"task"')) return null;
  const { top } = scanJson(result, RELAYED);
  if (top.string('resultType') !== 'task') return null;
  const taskId = top.string('taskId');
  if (taskId === undefined)
    throw new GatewayError('upstream_error', { reason: 'Upstream began a task without an id' });
  return { taskId, top };
}

/**
 * A modern upstream's result for a modern client: the id of a task it began is sealed.
 * @throws GatewayError `unanswerable` when the client did not declare tasks
 */
export function taskResult(
  call: Call,
  gatewayId: GatewayId,
  result: string,
  seals: TaskSeals,
): string {
  const task = readTask(result);
  if (task === null) return result;
  const { taskId, top } = task;
  if (!declaresExtension(call.client.capabilities, TASKS))
    throw new GatewayError('unanswerable', {
      reason: 'Upstream began a task for a client that did not offer to follow it',
    });
  const sealed = seals.seal(call, { gatewayId, taskId });
  return top.spliced(new Map([['taskId', JSON.stringify(sealed)]]));
}

/** What an upstream says of a task, under the id its client knows. */
export function withTaskId(result: string, shownId: string): string {
  const { top } = scanJson(result, RELAYED);
  const shown = new Map([['taskId', JSON.stringify(shownId)]]);
  return relatedResult(top.has('taskId') ? top.spliced(shown) : result, shownId);
}
