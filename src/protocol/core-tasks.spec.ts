import { aCall, type MadeCall } from '../../test/builders/call.js';
import { aCaller } from '../../test/builders/caller.js';
import { aGateway, aResource } from '../../test/builders/catalog.js';
import { aWayUp } from '../../test/fakes/upstream-driver.js';
import { RELATED_TASK } from '../kernel/core-tasks.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import type { CatalogService } from '../registry/catalog.service.js';
import { ResourceRow } from '../registry/rows.js';
import { type ShownUris, urisByGateway } from '../registry/shown-uris.js';
import { CoreTasks } from './core-tasks.js';
import type { FollowedTask, TaskNotices } from './task-notices.js';
import { TaskSeals } from './era/bridge/task-seals.js';

const CAN = { requests: { tools: { call: {} } }, cancel: {} };
const gateway = aGateway({ capabilities: { tasks: CAN } });
const UP = { gateway, kind: 'Tool', name: 'm-job', target: 'job', params: '"name":"job"' } as const;
const STATE = { taskId: 'T/1', status: 'working', ttl: null };
const OF = (taskId: string) => ({ [RELATED_TASK]: { taskId } });

const URI = 'test://page';
const SHOWN = 'm+test://page';
const linkTo = (uri: string) => ({ content: [{ type: 'resource_link', uri, name: 'page' }] });

const opened: { onModuleDestroy(): void }[] = [];

/** As where another Gateway has the URI before this one. */
const uris = urisByGateway([
  { row: new ResourceRow(aResource({ uri: URI }), gateway), uri: SHOWN, slug: 'm' },
]).get(gateway.id) as ShownUris;

function made(gateways = [gateway], shown: ShownUris | null = null) {
  const way = aWayUp();
  opened.push(way.clientRequests);
  const catalog = { view: () => ({ gateways, uris: () => shown }) } as unknown as CatalogService;
  const followed = new Map<string, string>();
  const notices = {
    begun: jest.fn((task: FollowedTask) => followed.set(task.taskId, task.shownId)),
    asked: jest.fn(),
    forget: jest.fn(),
    cancelled: jest.fn(),
    progressOf: () => null,
    shownId: ({ taskId }: FollowedTask) => followed.get(taskId) ?? null,
  };
  const seals = new TaskSeals(way.sealer);
  const tasks = new CoreTasks(catalog, seals, way.legs, notices as unknown as TaskNotices);
  const answer = async (result: object) => {
    const leg = await way.driver.next();
    leg.answer(JSON.stringify(result));
    return leg.request;
  };
  const begun = async (call: MadeCall = aCall('tools/call'), id = STATE.taskId) => {
    const reply = tasks.begin(call, UP);
    await answer({ task: { ...STATE, taskId: id }, _meta: { a: 1, ...OF(id) } });
    return JSON.parse(await reply) as { task: typeof STATE; _meta: object };
  };
  return { ...way, tasks, notices, answer, begun };
}

describe('CoreTasks', () => {
  afterEach(() => {
    for (const requests of opened.splice(0)) requests.onModuleDestroy();
  });

  it('begins a task under an id of its own', async () => {
    const { begun } = made();
    const { task, _meta } = await begun();
    expect(task).toEqual({ ...STATE, taskId: expect.stringMatching(/^[\w-]+$/) as string });
    expect(_meta).toEqual({ a: 1, ...OF(task.taskId) });
  });

  it('passes on an answer instead of a task', async () => {
    const { tasks, answer } = made();
    const reply = tasks.begin(aCall('tools/call'), UP);
    await answer({ content: [] });
    expect(await reply).toBe('{"content":[]}');
  });

  it('shows the URIs of an answer and of a result as its Server shows them', async () => {
    const { tasks, answer, begun } = made([gateway], uris);
    const atOnce = tasks.begin(aCall('tools/call'), { ...UP, uris });
    await answer(linkTo(URI));
    expect(JSON.parse(await atOnce)).toEqual(linkTo(SHOWN));
    const { taskId } = (await begun()).task;
    const result = tasks.relay(aCall('tasks/result', { taskId }));
    await answer({ ...linkTo(URI), _meta: OF('T/1') });
    expect(JSON.parse(await result)).toEqual({ ...linkTo(SHOWN), _meta: OF(taskId) });
  });

  it('asks the upstream for the task by its own id, and answers with the sealed one', async () => {
    const { tasks, answer, begun } = made();
    const { taskId } = (await begun()).task;
    for (const method of ['tasks/get', 'tasks/cancel']) {
      const reply = tasks.relay(aCall(method, { taskId, more: 1 }));
      const request = await answer(STATE);
      expect([request.method, request.params]).toEqual([method, '"taskId":"T/1","more":1']);
      expect(JSON.parse(await reply)).toEqual({ ...STATE, taskId });
    }
  });

  it('keeps nothing above for a task that its upstream does not know any more', async () => {
    const { tasks, driver, notices, begun } = made();
    const { taskId } = (await begun()).task;
    for (const code of [-32603, -32602]) {
      const reply = tasks.relay(aCall('tasks/get', { taskId }));
      (await driver.next()).fail(new UpstreamRpcError(JSON.stringify({ code }), code));
      await expect(reply).rejects.toMatchObject({ code });
    }
    expect(notices.cancelled.mock.calls).toEqual([[{ gatewayId: gateway.id, taskId: 'T/1' }]]);
  });

  it('waits for the result, and relays what is asked meanwhile', async () => {
    const { tasks, driver, notices, begun } = made();
    const { taskId } = (await begun()).task;
    const task = { gatewayId: gateway.id, taskId: 'T/1' };
    expect(notices.begun).toHaveBeenCalledWith({ ...task, shownId: taskId }, 'session-1', null);
    const call = aCall(
      'tasks/result',
      { taskId },
      { client: { capabilities: '{"elicitation":{}}' } },
    );
    const reply = tasks.relay(call);
    const leg = await driver.next();
    expect(leg.request.silenceMs).toBe(leg.request.totalMs);
    leg.ask(
      'elicitation/create',
      `"message":"?","requestedSchema":{},"_meta":${JSON.stringify(OF('T/1'))}`,
    );
    expect(JSON.parse(call.sent[0] ?? '')).toMatchObject({ params: { _meta: OF(taskId) } });
    leg.answer(JSON.stringify({ content: [], _meta: OF('T/1') }));
    expect(JSON.parse(await reply)).toEqual({ content: [], _meta: OF(taskId) });
    expect(notices.forget).toHaveBeenCalledWith(task);
  });

  it('names each task that is spoken of on a request by its own id', async () => {
    const { tasks, driver, begun } = made();
    const [own, other] = [(await begun()).task.taskId, (await begun(undefined, 'T/2')).task.taskId];
    const client = { capabilities: '{"elicitation":{}}' };
    const call = aCall('tasks/result', { taskId: own }, { client });
    void tasks.relay(call).catch(() => undefined);
    const leg = await driver.next();
    const asked = (id: string) => {
      const meta = JSON.stringify(OF(id));
      leg.ask('elicitation/create', `"message":"?","requestedSchema":{},"_meta":${meta}`);
      return (JSON.parse(call.sent.at(-1) ?? '') as { params: { _meta?: object } }).params._meta;
    };
    expect([asked('T/2'), asked('T/1'), asked('T/3')]).toEqual([OF(other), OF(own), undefined]);
    call.abort.abort('enough');
  });

  it('answers foreign, changed and unknown ids alike, and asks nobody', async () => {
    const { tasks, driver, begun } = made();
    const { taskId } = (await begun()).task;
    const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
    const bob = aCaller({ principal: 'bob' });
    for (const call of [
      aCall('tasks/get', { taskId }, { caller: bob }),
      aCall('tasks/result', { taskId }, { serverId: 's2' }),
      aCall('tasks/cancel', { taskId: flipped }),
      aCall('tasks/get', { taskId: 'T/1' }),
    ])
      await expect(tasks.relay(call)).rejects.toMatchObject({ code: 'task_not_found' });
    expect(driver.legs).toHaveLength(1);
  });

  it('is no method for those who are not offered it', async () => {
    const { taskId } = (await made().begun()).task;
    const older = aCall('tasks/get', { taskId }, { client: { revision: '2025-06-18' } });
    await expect(made().tasks.relay(older)).rejects.toMatchObject({ code: 'method_not_found' });
    const none = made([aGateway()]).tasks.relay(aCall('tasks/get', { taskId }));
    await expect(none).rejects.toMatchObject({ code: 'method_not_found' });
  });

  it('ends a task whose client went away before it had an id', async () => {
    const { tasks, driver, answer } = made();
    const call = aCall('tools/call');
    const reply = tasks.begin(call, UP);
    const leg = await driver.next();
    call.abort.abort('gone');
    expect(leg.cancelled).toBeNull();
    leg.answer(JSON.stringify({ task: STATE }));
    await expect(reply).rejects.toMatchObject({ code: 'cancelled' });
    expect((await answer({})).method).toBe('tasks/cancel');
  });
});
