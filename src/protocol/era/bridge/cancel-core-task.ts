import { Abort } from '../../../kernel/abort.js';
import type { Call } from '../../../kernel/call.js';
import { cancelsTasks } from '../../../kernel/core-tasks.js';
import type { Legs, Upward } from '../../legs.js';
import { knowsNone, TaskWatch } from './task-watch.js';

type Whose = Pick<Upward, 'gateway' | 'name' | 'timeoutMs' | 'stay'>;

/**
 * Ends a task of a legacy upstream that nobody waits for any more. Whether the upstream can end it, or
 * can even be told, makes no difference to anybody.
 */
export async function cancelCoreTask(
  legs: Legs,
  call: Call,
  whose: Whose,
  taskId: string,
): Promise<void> {
  if (!cancelsTasks(whose.gateway)) return;
  const up: Upward = {
    ...whose,
    ...{ kind: 'Task', target: taskId, method: 'tasks/cancel' },
    params: `"taskId":${JSON.stringify(taskId)}`,
  };
  try {
    await legs.send(call, up, new TaskWatch(null, new Abort(), null, knowsNone));
  } catch {
    // It may not even be sent: the circuit is open when the upstream has died with the task.
  }
}
