import { aCall, aModernCall, type MadeCall } from '../../../../test/builders/call.js';
import { aTaskWay, endTaskWays } from '../../../../test/builders/task-way.js';
import { RELATED_TASK } from '../../../kernel/core-tasks.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';

const CAN = { requests: { tools: { call: {} } }, cancel: {} };
const ASKED = `"message":"Sure?","requestedSchema":{},"_meta":{"${RELATED_TASK}":{"taskId":"T/1"}}`;

const made = (tasks: object = CAN) => {
  const way = aTaskWay('legacy', { gateway: { capabilities: { tasks } as never } });
  const start = (call: MadeCall) => way.send(call, { task: 'follow' });
  return { ...way, start };
};

const state = (status: string) => ({ taskId: 'T/1', status, ttl: null, pollInterval: 1 });
const begun = { task: state('working') };
const done = { content: [], _meta: { [RELATED_TASK]: { taskId: 'T/1' } } };

describe('driveCoreTask', () => {
  afterEach(endTaskWays);

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

  it('waits for a session only as long as its client does, once begun in any case', async () => {
    const { start, driver } = made();
    const call = aCall('tools/call');
    const reply = start(call);
    const leg = await driver.next();
    expect(leg.request.stay?.abort?.aborted).toBe(false);
    call.abort.abort('gone');
    expect([leg.request.stay?.abort?.aborted, leg.cancelled]).toEqual([true, null]);
    leg.answer(JSON.stringify(begun));
    await reply;
    expect(leg.request.stay?.abort).toBeNull();
    (await driver.next()).answer(JSON.stringify(state('cancelled')));
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
    const { start, answer, driver } = made({ requests: CAN.requests });
    const reply = start(aCall('tools/call'));
    await answer('tools/call', { task: state('lost') });
    await reply;
    expect(driver.legs).toHaveLength(1);
  });
});
