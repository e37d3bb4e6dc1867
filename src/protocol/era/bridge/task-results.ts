import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { TASKS, declaresExtension } from '../../../kernel/extensions.js';
import type { GatewayId } from '../../../kernel/ids.js';
import { scanJson } from '../../../kernel/json-scan.js';
import { replaced } from '../lower.js';
import type { TaskSeals } from './task-seals.js';

const RELAYED = { maxDepth: 512, uniqueKeys: false } as const;

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
  // Nearly no result has the word, so nearly none is scanned.
  if (!result.includes('"task"')) return result;
  const { top } = scanJson(result, RELAYED);
  if (top.string('resultType') !== 'task') return result;
  const taskId = top.string('taskId');
  if (taskId === undefined)
    throw new GatewayError('upstream_error', { reason: 'Upstream began a task without an id' });
  if (!declaresExtension(call.client.capabilities, TASKS))
    throw new GatewayError('unanswerable', {
      reason: 'Upstream began a task for a client that did not offer to follow it',
    });
  const sealed = seals.seal(call, { gatewayId, taskId });
  return replaced(top, new Map([['taskId', JSON.stringify(sealed)]]));
}

/** What an upstream says of a task, under the id its client knows. */
export function withTaskId(result: string, shownId: string): string {
  const { top } = scanJson(result, RELAYED);
  return top.has('taskId') ? replaced(top, new Map([['taskId', JSON.stringify(shownId)]])) : result;
}
