import { aCall } from '../../../../test/builders/call.js';
import { aTaskWay, endTaskWays } from '../../../../test/builders/task-way.js';
import { parseMessage, UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import { TASKS } from '../../../kernel/extensions.js';

const NEEDED = new UpstreamRpcError(
  `{"code":-32021,"message":"no","data":{"requiredCapabilities":{"extensions":{"${TASKS}":{}}}}}`,
  -32021,
  'modern',
  400,
);
const FORM = { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: {} } };

function made(tells = false) {
  const way = aTaskWay('modern', { tells });
  const start = () => {
    const client = { capabilities: '{"elicitation":{}}' };
    const call = aCall('tools/call', { name: 'm-job' }, { client });
    return { call, reply: way.send(call) };
  };
  const refuse = async () => {
    (await way.driver.next()).fail(NEEDED);
  };
  return { ...way, start, refuse };
}

const task = (status: string, more: object = {}) => ({
  ...{ resultType: 'complete', taskId: 'T/1', status, pollIntervalMs: 1, ...more },
});
const begun = { ...task('working'), resultType: 'task' };
const done = task('completed', { result: { resultType: 'complete', content: [] } });

describe('TaskDrive', () => {
  afterEach(endTaskWays);

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

  describe('whose upstream tells of tasks', () => {
    const slow = { ...begun, pollIntervalMs: 20_000 };
    const begin = async () => {
      const way = made(true);
      const { call, reply } = way.start();
      await way.refuse();
      await way.answer('tools/call', slow);
      await new Promise(setImmediate);
      return { ...way, call, reply };
    };
    const told = (status: string, more: object = {}) =>
      JSON.stringify({ ...task(status, more), taskId: undefined }).slice(1, -1);

    it('looks once when it is heard, then waits for what is told', async () => {
      const { reply, telling, answer, methods } = await begin();
      expect(telling.watched).toEqual(['T/1']);
      telling.acknowledge();
      await answer('tasks/get', slow);
      await new Promise(setImmediate);
      telling.tell(told('working', { statusMessage: 'half' }));
      telling.tell(told('completed', { result: { resultType: 'complete', content: [] } }));
      expect(await reply).toEqual({ content: [] });
      expect(methods().filter((method) => method === 'tasks/get')).toHaveLength(1);
      expect(telling.ended).toHaveLength(1);
    });

    it('asks for what a notice leaves out', async () => {
      const { reply, telling, answer } = await begin();
      telling.acknowledge();
      await answer('tasks/get', slow);
      await new Promise(setImmediate);
      telling.tell('"status":"completed"');
      await answer('tasks/get', done);
      expect(await reply).toEqual({ content: [] });
    });

    it('has the client asked what is told of', async () => {
      const { call, reply, telling, answer, clientRequests } = await begin();
      telling.acknowledge();
      await answer('tasks/get', slow);
      await new Promise(setImmediate);
      telling.tell(told('input_required', { inputRequests: { q1: FORM } }));
      await new Promise(setImmediate);
      const { id } = parseMessage(call.sent[0] ?? '');
      const message = `{"jsonrpc":"2.0","id":${String(id)},"result":{"action":"decline"}}`;
      clientRequests.answered('session-1', parseMessage(message));
      await answer('tasks/update', {});
      telling.tell(told('completed', { result: { resultType: 'complete', content: [] } }));
      expect(await reply).toEqual({ content: [] });
    });

    it('listens no more when the client is gone', async () => {
      const { call, reply, telling } = await begin();
      telling.acknowledge();
      call.abort.abort('gone');
      expect(await reply).toMatchObject({ code: 'cancelled' });
      expect(telling.ended).toHaveLength(1);
    });
  });

  it('polls an upstream that tells nothing, and does not ask it for every task', async () => {
    const { start, answer, refuse, telling } = made();
    const first = start();
    await refuse();
    await answer('tools/call', begun);
    await answer('tasks/get', task('working'));
    await answer('tasks/get', done);
    await first.reply;
    const second = start();
    await answer('tools/call', begun);
    await answer('tasks/get', done);
    await second.reply;
    expect(telling.watched).toHaveLength(1);
  });
});
