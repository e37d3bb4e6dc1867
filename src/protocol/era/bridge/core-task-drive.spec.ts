import { aCall, aModernCall, type MadeCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { RELATED_TASK } from '../../../kernel/core-tasks.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { Upward } from '../../legs.js';
import { UpwardCalls } from '../../methods/upward.js';
import { InputLoop } from './input-loop.js';
import { ModernClients } from './modern-clients.js';
import { Parks } from './parks.js';
import { StateSeals } from './state-seals.js';
import { TaskDrive } from './task-drive.js';
import { TaskSeals } from './task-seals.js';

const CAN = { requests: { tools: { call: {} } }, cancel: {} };
const ASKED = `"message":"Sure?","requestedSchema":{},"_meta":{"${RELATED_TASK}":{"taskId":"T/1"}}`;
const opened: { onModuleDestroy(): void }[] = [];

function made() {
  const way = aWayUp();
  const { legs, clientRequests, sealer } = way;
  opened.push(clientRequests);
  const loop = new InputLoop(legs, clientRequests);
  const seals = [new StateSeals(sealer), new TaskSeals(sealer)] as const;
  const clients = new ModernClients(legs, ...seals, new Parks(way.config, way.meters), way.meters);
  const drive = new TaskDrive(legs, loop, clientRequests);
  // None of these clients begins a task.
  const upward = new UpwardCalls(legs, clients, loop, drive, null as never);
  const start = (call: MadeCall, tasks: object = CAN) => {
    const up: Upward = {
      gateway: aGateway({ capabilities: { tasks } as never }),
      kind: 'Tool',
      task: 'follow',
      name: 'm-job',
      target: 'job',
      params: '"name":"job"',
    };
    return upward.send(call, up).then(JSON.parse, (e: unknown) => e) as Promise<unknown>;
  };
  const answer = async (method: string, result: object) => {
    const leg = await way.driver.next();
    expect(leg.request.method).toBe(method);
    leg.answer(JSON.stringify(result));
    return leg.request;
  };
  return { ...way, start, answer };
}

const state = (status: string) => ({ taskId: 'T/1', status, ttl: null, pollInterval: 1 });
const begun = { task: state('working') };
const done = { content: [], _meta: { [RELATED_TASK]: { taskId: 'T/1' } } };

describe('driveCoreTask', () => {
  afterEach(() => {
    for (const requests of opened.splice(0)) requests.onModuleDestroy();
  });

  it.each([
    ['legacy', () => aCall('tools/call'), { content: [] }],
    ['modern', () => aModernCall('tools/call'), { resultType: 'complete', content: [] }],
  ])('gives a %s client the result, and says nothing of a task', async (_era, call, result) => {
    const { start, answer } = made();
    const reply = start(call());
    const first = await answer('tools/call', begun);
    expect(first.params).toMatch(/^"name":"job","task":\{"ttl":\d+\}$/);
    await answer('tasks/get', state('working'));
    const polled = await answer('tasks/get', state('completed'));
    expect([polled.target, polled.params]).toEqual(['T/1', '"taskId":"T/1"']);
    const last = await answer('tasks/result', done);
    expect(last.stay).toBe(first.stay);
    expect(await reply).toEqual(result);
  });

  it('has a legacy client asked what the task asks', async () => {
    const { start, driver, answer } = made();
    const call = aCall('tools/call', {}, { client: { capabilities: '{"elicitation":{}}' } });
    const reply = start(call);
    await answer('tools/call', { task: state('input_required') });
    const leg = await driver.next();
    expect(leg.request.method).toBe('tasks/result');
    leg.ask('elicitation/create', ASKED);
    const { method, params } = JSON.parse(call.sent[0] ?? '') as Record<string, unknown>;
    expect([method, params]).toEqual([
      'elicitation/create',
      { message: 'Sure?', requestedSchema: {} },
    ]);
    leg.answer(JSON.stringify(done));
    expect(await reply).toEqual({ content: [] });
  });

  it('parks the call of a modern client on what the task asks', async () => {
    const { start, driver, answer } = made();
    const reply = start(aModernCall('tools/call', {}, { elicitation: {} }));
    await answer('tools/call', { task: state('input_required') });
    const leg = await driver.next();
    leg.ask('elicitation/create', ASKED);
    const params = { message: 'Sure?', requestedSchema: {} };
    expect(await reply).toMatchObject({
      resultType: 'input_required',
      inputRequests: { e1: { method: 'elicitation/create', params } },
    });
    leg.answer(JSON.stringify(done));
  });

  it('passes on the error that a task has failed with', async () => {
    const { start, driver, answer } = made();
    const reply = start(aCall('tools/call'));
    await answer('tools/call', { task: state('failed') });
    (await driver.next()).fail(new UpstreamRpcError('{"code":-7,"message":"no"}', -7));
    expect(await reply).toMatchObject({ code: -7 });
  });

  it.each(['cancelled', 'lost'])('is an error when the task is %s', async (status) => {
    const { start, answer } = made();
    const reply = start(aCall('tools/call'));
    await answer('tools/call', { task: state(status) });
    expect(await reply).toMatchObject({ code: 'upstream_error' });
  });

  it('cancels no task that the upstream has cancelled', async () => {
    const { start, answer, driver } = made();
    const reply = start(aCall('tools/call'));
    await answer('tools/call', begun);
    await answer('tasks/get', state('cancelled'));
    await reply;
    await new Promise(setImmediate);
    expect(driver.legs.map(({ request }) => request.method)).toEqual(['tools/call', 'tasks/get']);
  });

  it('takes an answer instead of a task for the answer', async () => {
    const { start, answer } = made();
    const reply = start(aCall('tools/call'));
    await answer('tools/call', { content: [], task: state('working') });
    expect(await reply).toEqual({ content: [], task: state('working') });
  });

  it.each([
    ['while it begins', true],
    ['while it runs', false],
  ])('cancels the task of a client that is gone %s', async (_when, early) => {
    const { start, answer, driver } = made();
    const call = aCall('tools/call');
    const reply = start(call);
    const leg = await driver.next();
    if (early) call.abort.abort('gone');
    expect(leg.cancelled).toBeNull();
    leg.answer(JSON.stringify({ task: { ...state('working'), pollInterval: 30_000 } }));
    await new Promise(setImmediate);
    if (!early) call.abort.abort('gone');
    expect((await answer('tasks/cancel', {})).params).toBe('"taskId":"T/1"');
    expect(await reply).toMatchObject({ code: 'cancelled' });
  });

  it('keeps the upstream session until the task is over, or cancelled', async () => {
    const { start, answer, driver } = made();
    const reply = start(aCall('tools/call'));
    const leg = await driver.next();
    const giveBack = jest.fn();
    Object.assign(leg.request.stay ?? {}, { held: { giveBack } });
    leg.answer(JSON.stringify({ task: state('lost') }));
    expect(await reply).toMatchObject({ code: 'upstream_error' });
    expect(giveBack).not.toHaveBeenCalled();
    await answer('tasks/cancel', {});
    await new Promise(setImmediate);
    expect(giveBack).toHaveBeenCalledTimes(1);
  });

  it('cancels nothing above that cannot be cancelled', async () => {
    const { start, answer, driver } = made();
    const reply = start(aCall('tools/call'), { requests: CAN.requests });
    await answer('tools/call', { task: state('lost') });
    await reply;
    expect(driver.legs).toHaveLength(1);
  });
});
