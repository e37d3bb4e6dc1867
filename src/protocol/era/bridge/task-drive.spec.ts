import { aCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { parseMessage, UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import { TASKS } from '../../../kernel/extensions.js';
import { UpwardCalls } from '../../methods/upward.js';
import { InputLoop } from './input-loop.js';
import { ModernClients } from './modern-clients.js';
import { Parks } from './parks.js';
import { StateSeals } from './state-seals.js';
import { TaskDrive } from './task-drive.js';
import { TaskSeals } from './task-seals.js';

const NEEDED = new UpstreamRpcError(
  `{"code":-32021,"message":"no","data":{"requiredCapabilities":{"extensions":{"${TASKS}":{}}}}}`,
  -32021,
  'modern',
  400,
);
const FORM = { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: {} } };
const opened: { onModuleDestroy(): void }[] = [];

function made(env: Record<string, string> = {}) {
  const way = aWayUp(env);
  const { legs, clientRequests, sealer } = way;
  opened.push(clientRequests);
  const loop = new InputLoop(legs, clientRequests);
  const seals = [new StateSeals(sealer), new TaskSeals(sealer)] as const;
  const clients = new ModernClients(legs, ...seals, new Parks(way.config, way.meters), way.meters);
  const drive = new TaskDrive(legs, loop, clientRequests);
  // None of these clients begins a task.
  const upward = new UpwardCalls(legs, clients, loop, drive, null as never);
  const up = {
    gateway: aGateway({ era: 'modern' }),
    kind: 'Tool',
    name: 'm-job',
    target: 'job',
    params: '"name":"job"',
  } as const;
  const start = () => {
    const client = { capabilities: '{"elicitation":{}}' };
    const call = aCall('tools/call', { name: 'm-job' }, { client });
    return { call, reply: upward.send(call, up).then(JSON.parse, (e: unknown) => e) };
  };
  const answer = async (method: string, result: object) => {
    const leg = await way.driver.next();
    expect(leg.request.method).toBe(method);
    leg.answer(JSON.stringify(result), 'modern');
    return leg.request;
  };
  const refuse = async () => {
    (await way.driver.next()).fail(NEEDED);
  };
  return { ...way, start, answer, refuse };
}

const task = (status: string, more: object = {}) => ({
  ...{ resultType: 'complete', taskId: 'T/1', status, pollIntervalMs: 1, ...more },
});
const begun = { ...task('working'), resultType: 'task' };
const done = task('completed', { result: { resultType: 'complete', content: [] } });

describe('TaskDrive', () => {
  afterEach(() => {
    for (const requests of opened.splice(0)) requests.onModuleDestroy();
  });

  it('follows a task to its end when the tool needs one, and remembers that', async () => {
    const { start, answer, refuse } = made();
    const first = start();
    await refuse();
    const again = await answer('tools/call', begun);
    expect(JSON.parse(again.client.capabilities)).toMatchObject({ extensions: { [TASKS]: {} } });
    await answer('tasks/get', task('working'));
    const polled = await answer('tasks/get', done);
    expect([polled.target, polled.params]).toEqual(['T/1', '"taskId":"T/1"']);
    expect(await first.reply).toEqual({ content: [] });
    const second = start();
    await answer('tools/call', begun);
    await answer('tasks/get', done);
    expect(await second.reply).toEqual({ content: [] });
  });

  it('asks the client what the task asks, once', async () => {
    const { start, answer, refuse, clientRequests } = made();
    const { call, reply } = start();
    await refuse();
    await answer('tools/call', begun);
    const asks = task('input_required', { inputRequests: { q1: FORM } });
    const told = new Promise<string>((resolve) => {
      Object.assign(call.channel, { send: (m: string) => (resolve(m), true) });
    });
    await answer('tasks/get', asks);
    const { id } = parseMessage(await told);
    const message = `{"jsonrpc":"2.0","id":${String(id)},"result":{"action":"decline"}}`;
    clientRequests.answered('session-1', parseMessage(message));
    const update = await answer('tasks/update', {});
    expect(update.params).toBe('"taskId":"T/1","inputResponses":{"q1":{"action":"decline"}}');
    await answer('tasks/get', asks);
    await answer('tasks/get', done);
    expect(await reply).toEqual({ content: [] });
  });

  it.each([
    ['failed', { error: { code: -7, message: 'no' } }, { code: -7 }],
    ['cancelled', {}, { code: 'upstream_error' }],
    ['lost', {}, { code: 'upstream_error' }],
  ])('is an error when the task is %s', async (status, more, error) => {
    const { start, answer, refuse } = made();
    const { reply } = start();
    await refuse();
    await answer('tools/call', begun);
    await answer('tasks/get', task(status, more));
    expect(await reply).toMatchObject(error);
  });

  it('cancels the task of a client that is gone', async () => {
    const { start, answer, refuse } = made();
    const { call, reply } = start();
    await refuse();
    await answer('tools/call', { ...begun, pollIntervalMs: 30_000 });
    await new Promise(setImmediate);
    call.abort.abort('gone');
    await answer('tasks/cancel', {});
    expect(await reply).toMatchObject({ code: 'cancelled' });
  });

  it('takes a task that nobody offered to follow for a fault of the upstream', async () => {
    const { start, answer, driver } = made();
    const { reply } = start();
    await answer('tools/call', begun);
    expect(await reply).toMatchObject({ code: 'upstream_error' });
    expect(driver.legs).toHaveLength(1);
  });

  it('shows a tool that still is not content its own words', async () => {
    const { start, refuse } = made();
    const { reply } = start();
    await refuse();
    await refuse();
    expect(await reply).toMatchObject({ isError: true });
  });
});
