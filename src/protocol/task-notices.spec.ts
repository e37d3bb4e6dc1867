import { RELATED_TASK } from '../kernel/core-tasks.js';
import type { GatewayId } from '../kernel/ids.js';
import { KeptSessions } from '../upstreams/mcp/kept-sessions.js';
import type { ConnectionPool } from '../upstreams/mcp/connection.pool.js';
import type { Meters } from '../platform/metrics/meters.js';
import type { Listeners } from './listeners.js';
import type { Owners } from './session/owners.js';
import { TaskNotices } from './task-notices.js';

const G = 'g1' as string as GatewayId;

function made() {
  const sent: [string, unknown][] = [];
  const kept = new KeptSessions(60_000);
  const pool = { kept, taskTold: (_id: GatewayId, _params: string) => undefined };
  const send = (to: string, text: string) => sent.push([to, JSON.parse(text)]) > 0;
  const drops: string[] = [];
  const has = () => true;
  const listeners = { send, has } as unknown as Listeners;
  const owners = { shownTasks: (_id: GatewayId, _session: string, params: string) => params };
  const notices = new TaskNotices(
    pool as unknown as ConnectionPool,
    listeners,
    owners as unknown as Owners,
    { dropped: (reason: string) => drops.push(reason) } as unknown as Meters,
  );
  notices.onModuleInit();
  const tell = (taskId: string, status: string, id = G) =>
    pool.taskTold(id, `"taskId":"${taskId}","status":"${status}","x":1.0`);
  return { sent, drops, notices, tell, pool, owners, listeners };
}

describe('TaskNotices', () => {
  it('tells the session that follows a task, under the id it knows, to its end', () => {
    const { sent, notices, tell } = made();
    notices.begun({ gatewayId: G, taskId: 'T', shownId: 'S' }, 's1', null);
    tell('T', 'working');
    tell('T', 'completed');
    tell('T', 'completed');
    const notice = (status: string) => ({
      jsonrpc: '2.0',
      method: 'notifications/tasks/status',
      params: { taskId: 'S', status, x: 1 },
    });
    expect(sent).toEqual([
      ['s1', notice('working')],
      ['s1', notice('completed')],
    ]);
  });

  it('names the task by the id that its follower has, wherever it is named', () => {
    const { sent, notices, pool, owners } = made();
    notices.begun({ gatewayId: G, taskId: 'T', shownId: 'S' }, 's1', null);
    const of = (taskId: string) => `"_meta":{"${RELATED_TASK}":{"taskId":"${taskId}"}}`;
    const shown = (taskId: string, session: string) => owners.shownTasks(G, session, of(taskId));
    expect([shown('T', 's1'), shown('T', 's2'), shown('U', 's1')]).toEqual([of('S'), '', '']);
    pool.taskTold(G, `"taskId":"T","status":"working",${of('T')}`);
    const params = { taskId: 'S', status: 'working', _meta: { [RELATED_TASK]: { taskId: 'S' } } };
    expect(sent).toMatchObject([['s1', { params }]]);
  });

  it('tells nobody of tasks that nobody follows', () => {
    const { sent, notices, tell } = made();
    notices.begun({ gatewayId: G, taskId: 'T', shownId: 'S' }, 's1', null);
    notices.begun({ gatewayId: G, taskId: 'U', shownId: 'S' }, null, null);
    tell('U', 'working');
    tell('T', 'working', 'g2' as string as GatewayId);
    notices.forget({ gatewayId: G, taskId: 'T' });
    tell('T', 'working');
    expect(sent).toEqual([]);
  });

  it('has the session above kept until the result was fetched or the task cancelled', () => {
    const { notices, tell, pool } = made();
    const over = jest.spyOn(pool.kept, 'taskOver');
    const begun = jest.spyOn(pool.kept, 'taskBegun');
    notices.begun({ gatewayId: G, taskId: 'T', shownId: 'S' }, 's1', null);
    notices.begun({ gatewayId: G, taskId: 'U', shownId: 'S' }, null, null);
    expect(begun.mock.calls).toEqual([
      [G, 'T', 's1'],
      [G, 'U', null],
    ]);
    over.mockClear();
    begun.mockClear();
    tell('T', 'completed');
    expect(over).not.toHaveBeenCalled();
    notices.forget({ gatewayId: G, taskId: 'T' });
    notices.cancelled({ gatewayId: G, taskId: 'U' });
    expect(over.mock.calls).toEqual([
      [G, 'T'],
      [G, 'U'],
    ]);
    // To ask for it brings nothing back that is over.
    notices.asked({ gatewayId: G, taskId: 'T', shownId: 'S' }, 's1');
    expect(begun).not.toHaveBeenCalled();
    over.mockClear();
    tell('T', 'cancelled');
    expect(over.mock.calls).toEqual([[G, 'T']]);
  });

  it('keeps the tasks that were asked for last', () => {
    const { sent, notices, tell } = made();
    for (let i = 0; i <= 10_000; i++)
      notices.begun({ gatewayId: G, taskId: `T${String(i)}`, shownId: 'S' }, 's1', null);
    tell('T0', 'working');
    expect(sent).toEqual([]);
    tell('T1', 'working');
    expect(sent).toHaveLength(1);
  });
});

describe('TaskNotices: progress of a task', () => {
  const TASK = { gatewayId: G, taskId: 'T', shownId: 'S' };
  const turn = () => new Promise(setImmediate);
  const begun = async () => {
    const way = made();
    const progress = way.notices.progressFor(G, 's1', '"tok"');
    progress.progress('"progress":1');
    way.notices.begun(TASK, 's1', progress);
    progress.begin();
    expect(way.sent).toEqual([]);
    await turn();
    return { ...way, progress };
  };
  const said = (params: object) => [
    's1',
    {
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 'tok', ...params },
    },
  ];

  it('ends when another session follows the task, to which its token means something else', async () => {
    const { sent, notices, progress } = await begun();
    sent.length = 0;
    notices.asked(TASK, 's2');
    progress.progress('"progress":2');
    expect([sent, progress.isOver, notices.progressOf(TASK)]).toEqual([[], true, null]);
  });

  it('goes to the session under its token, from the answer that names the task on', async () => {
    const { sent, progress } = await begun();
    progress.progress(`"progress":2,"_meta":{"${RELATED_TASK}":{"taskId":"T"}}`);
    expect(sent).toEqual([
      said({ progress: 1 }),
      said({ progress: 2, _meta: { [RELATED_TASK]: { taskId: 'S' } } }),
    ]);
  });

  it('stays with the task when it is asked for, and ends with it', async () => {
    const { sent, notices, progress, tell } = await begun();
    notices.asked(TASK, 's1');
    expect(notices.progressOf(TASK)).toBe(progress);
    tell('T', 'completed');
    expect([progress.isOver, notices.progressOf(TASK)]).toEqual([true, null]);
    progress.progress('"progress":3');
    expect(sent).toHaveLength(2);
  });

  it('comes on a request that waits for the result where the session does not listen', async () => {
    const { listeners, drops, progress } = await begun();
    listeners.has = () => false;
    const heard: string[] = [];
    const stop = progress.alsoOn((text) => heard.push(text) > 0);
    progress.progress('"progress":2');
    expect(heard).toHaveLength(1);
    stop();
    progress.progress('"progress":3');
    expect([heard.length, drops]).toEqual([1, ['no_stream']]);
  });
});
