import { aCaller } from '../../../../test/builders/caller.js';
import { aModernCall } from '../../../../test/builders/call.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { RELATED_TASK } from '../../../kernel/core-tasks.js';
import { TASKS } from '../../../kernel/extensions.js';
import type { GatewayId } from '../../../kernel/ids.js';
import { taskResult, withTaskId } from './task-results.js';
import { TaskSeals } from './task-seals.js';

const FOLLOWS = { extensions: { [TASKS]: {} } };
const GATEWAY = 'g1' as string as GatewayId;
const BEGUN = '{"resultType":"task", "taskId":"a/b","status":"working","ttlMs":1.0}';

describe('taskResult', () => {
  const seals = new TaskSeals(aWayUp().sealer);
  const call = aModernCall('tools/call', { name: 't' }, FOLLOWS);
  const sealedIn = (result: string) => (JSON.parse(result) as { taskId: string }).taskId;

  it('seals the id and leaves the rest as it is', () => {
    const result = taskResult(call, GATEWAY, BEGUN, seals);
    const taskId = sealedIn(result);
    expect(result).toBe(
      `{"resultType":"task","taskId":"${taskId}","status":"working","ttlMs":1.0}`,
    );
    expect(taskId).toMatch(/^[\w-]+$/);
    expect(seals.open(call, taskId)).toEqual({ gatewayId: GATEWAY, taskId: 'a/b' });
  });

  it('opens for its owner at its Server alone', () => {
    const taskId = sealedIn(taskResult(call, GATEWAY, BEGUN, seals));
    const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
    const bob = aModernCall('tasks/get', {}, FOLLOWS, {
      caller: aCaller({ principalHash: 'bob' }),
    });
    const elsewhere = aModernCall('tasks/get', {}, FOLLOWS, { serverId: 's2' });
    for (const [who, id] of [
      [bob, taskId],
      [elsewhere, taskId],
      [call, flipped],
      [call, 'a/b'],
    ] as const)
      expect(() => seals.open(who, id)).toThrow(
        expect.objectContaining({
          code: 'task_not_found',
          row: expect.objectContaining({ rpc: -32602 }) as unknown,
        }) as Error,
      );
  });

  it('is a fault of the upstream where the client cannot follow it', () => {
    const other = aModernCall('tools/call', { name: 't' }, { elicitation: {} });
    expect(() => taskResult(other, GATEWAY, BEGUN, seals)).toThrow(
      expect.objectContaining({ code: 'unanswerable' }) as Error,
    );
    expect(() => taskResult(call, GATEWAY, '{"resultType":"task"}', seals)).toThrow(
      expect.objectContaining({ code: 'upstream_error' }) as Error,
    );
  });

  it('touches no other result', () => {
    const result = '{"resultType":"complete","content":[{"type":"task"}]}';
    expect(taskResult(call, GATEWAY, result, seals)).toBe(result);
  });
});

describe('withTaskId', () => {
  it('shows a task under the id that was asked for', () => {
    expect(withTaskId('{"taskId":"a/b","status":"x"}', 'sealed')).toBe(
      '{"taskId":"sealed","status":"x"}',
    );
    expect(withTaskId('{"resultType":"complete"}', 'sealed')).toBe('{"resultType":"complete"}');
    const of = (taskId: string) => ({ taskId, _meta: { [RELATED_TASK]: { taskId } } });
    expect(JSON.parse(withTaskId(JSON.stringify(of('a/b')), 'sealed'))).toEqual(of('sealed'));
  });
});
