import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { token } from '../drive/gateway-process.cjs';
import type { HttpClient, RpcMessage } from '../drive/http-client.js';
import { aWorld, type World } from '../drive/world.js';

const EVERYTHING = join(
  __dirname,
  '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);
const RELATED = 'io.modelcontextprotocol/related-task';

async function begin(client: HttpClient, tool: string, args: object = {}): Promise<string> {
  const params = { name: `kit-${tool}`, arguments: args, task: { ttl: 60_000 } };
  const { answer } = await client.request('tools/call', params);
  expect(answer?.result.task).toMatchObject({ status: 'working', ttl: 60_000 });
  return answer?.result.task.taskId as string;
}

describe('core tasks between a legacy client and a legacy upstream', () => {
  let world: World;
  let client: HttpClient;
  beforeAll(async () => {
    world = await aWorld({ upstream: { tasks: true, only: ['ok'] } });
    client = world.client();
    const hello = await client.initialize({ elicitation: {} });
    expect(hello.answer?.result.capabilities.tasks).toEqual({
      cancel: {},
      requests: { tools: { call: {} } },
    });
  });
  afterAll(() => world.end());

  it('follows a task to its result by an id that is not that of the upstream', async () => {
    const taskId = await begin(client, 'task-echo', { message: 'hello' });
    const state = await client.request('tasks/get', { taskId });
    expect(state.answer?.result).toMatchObject({ taskId, status: 'working' });
    const { answer } = await client.request('tasks/result', { taskId });
    expect(answer?.result).toEqual({
      content: [{ type: 'text', text: 'hello' }],
      _meta: { [RELATED]: { taskId } },
    });
    const sent = world.upstream.journal.events().filter((e) => e.bytes?.includes(taskId));
    expect(sent).toEqual([]);
  });

  it('asks on the request for the result, and names the task', async () => {
    const taskId = await begin(client, 'task-ask');
    const respond = () => ({ result: { action: 'accept', content: { name: 'Ann' } } });
    const { answer, before } = await client.request('tasks/result', { taskId }, { respond });
    const asked = before.find((m) => m.method === 'elicitation/create');
    expect(asked?.params?.['_meta']).toEqual({ [RELATED]: { taskId } });
    expect(answer?.result.content[0].text).toContain('Ann');
  });

  describe.each([
    ['kit', 'STREAMABLEHTTP'],
    ['steps', 'SSE'],
  ])('and progress of a task of %s over %s', (gateway, transport) => {
    beforeAll(async () => {
      if (gateway === 'kit') return;
      const url = world.upstream.urls.sse;
      await world.rest('POST', '/gateways', { name: gateway, transport, url });
    });
    const stepping = async (who: HttpClient) => {
      const { answer } = await who.request('tools/call', {
        ...{ name: `${gateway}-task-steps`, arguments: {}, task: {} },
        _meta: { progressToken: 'tok/1' },
      });
      return answer?.result.task.taskId as string;
    };
    const steps = (taskId: string) =>
      [1, 2, 3].map((progress) => ({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'tok/1', progress, _meta: { [RELATED]: { taskId } } },
      }));

    it('has it come on the stream of the session, until the task ends', async () => {
      const own = world.client();
      await own.initialize();
      const stop = new AbortController();
      const { events } = await own.listen(stop.signal);
      const taskId = await stepping(own);
      const heard: unknown[] = [];
      for (let n = 0; n < 4; n++) heard.push(JSON.parse((await events?.next())?.data ?? 'null'));
      expect(heard).toEqual([
        ...steps(taskId),
        expect.objectContaining({ method: 'notifications/tasks/status' }),
      ]);
      const sent = world.upstream.journal.events().filter((e) => e.bytes?.includes('tok/1'));
      expect(sent).toEqual([]);
      stop.abort();
    });

    it('has it come on the request for the result where the session has no stream', async () => {
      const own = world.client();
      await own.initialize();
      const taskId = await stepping(own);
      const { before, answer } = await own.request('tasks/result', { taskId });
      expect(before).toEqual(steps(taskId));
      expect(answer?.result.content[0].text).toBe('stepped');
    });
  });

  it('names the right task where two ask at once on one pipe', async () => {
    for (const [name, transport, url] of [
      ['sse', 'SSE', world.upstream.urls.sse],
      ['ws', 'WEBSOCKET', world.upstream.urls.ws],
    ]) {
      await world.rest('POST', '/gateways', { name, transport, url });
      const both = await Promise.all(
        ['Ann', 'Bob'].map(async (who) => {
          const params = { name: `${String(name)}-task-ask`, arguments: {}, task: {} };
          const taskId = (await client.request('tools/call', params)).answer?.result.task.taskId;
          return { who, taskId: taskId as string };
        }),
      );
      const whoOf = new Map(both.map(({ who, taskId }) => [taskId, who]));
      const stop = new AbortController();
      const { events } = await client.listen(stop.signal);
      const answers = async () => {
        for (let event = await events?.next(); event !== undefined; event = await events?.next()) {
          if (event.data === '') continue;
          const { id, method, params } = JSON.parse(event.data) as RpcMessage;
          if (method !== 'elicitation/create') continue;
          const name = whoOf.get(params?.['_meta'][RELATED].taskId as string) ?? 'nobody';
          const result = { action: 'accept', content: { name } };
          await client.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
        }
      };
      void answers().catch(() => undefined);
      const respond = ({ params }: RpcMessage) => ({
        result: {
          action: 'accept',
          content: { name: whoOf.get(params?.['_meta'][RELATED].taskId as string) ?? 'nobody' },
        },
      });
      const results = await Promise.all(
        both.map(({ taskId }) => client.request('tasks/result', { taskId }, { respond })),
      );
      expect(results.map(({ answer }) => answer?.result.content[0].text)).toEqual(
        both.map(({ who }) => expect.stringContaining(who) as string),
      );
      stop.abort();
    }
  });

  it('cancels a task, once', async () => {
    const taskId = await begin(client, 'task-hang');
    const { answer } = await client.request('tasks/cancel', { taskId });
    expect(answer?.result).toMatchObject({ taskId, status: 'cancelled' });
  });

  it('hears what becomes of its tasks, and nobody else does', async () => {
    const stop = new AbortController();
    const bob = world.client('/mcp', token('bob'));
    await bob.initialize();
    const [own, other] = await Promise.all([client.listen(stop.signal), bob.listen(stop.signal)]);
    await begin(bob, 'task-hang');
    const taskId = await begin(client, 'task-echo', { message: 'hello' });
    const told = await own.events?.next();
    expect(JSON.parse(told?.data ?? '')).toMatchObject({
      method: 'notifications/tasks/status',
      params: { taskId, status: 'completed' },
    });
    // What bob hears first is of his own task.
    const bobs = await begin(bob, 'task-echo', { message: 'bob' });
    const first = await other.events?.next();
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ params: { taskId: bobs } });
    stop.abort();
  });

  it('answers ids of others, changed and unknown ones alike, and lists none', async () => {
    const taskId = await begin(client, 'task-hang');
    const bob = world.client('/mcp', token('bob'));
    await bob.initialize();
    const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
    const answers = await Promise.all([
      bob.request('tasks/get', { taskId }),
      bob.request('tasks/result', { taskId }),
      client.request('tasks/get', { taskId: flipped }),
      client.request('tasks/cancel', { taskId: 'nothing' }),
    ]);
    for (const { answer } of answers)
      expect(answer?.error).toMatchObject({ code: -32602, message: 'Task not found' });
    expect((await client.request('tasks/list')).answer?.error?.code).toBe(-32601);
  });

  it('is offered and served to no older client, whose wish for a task is ignored', async () => {
    const older = world.client();
    const hello = await older.initialize({}, '2025-06-18');
    expect(hello.answer?.result.capabilities).not.toHaveProperty('tasks');
    const { answer } = await older.request('tools/call', {
      ...{ name: 'kit-task-maybe', arguments: { message: 'at once' }, task: {} },
    });
    expect(answer?.result.content[0].text).toBe('at once');
    expect((await older.request('tasks/get', { taskId: 'x' })).answer?.error?.code).toBe(-32601);
  });
});

describe('a client and a server of the official SDK with core tasks', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok'] },
      env: {
        STDIO_UPSTREAMS_ENABLED: 'true',
        STDIO_ALLOWED_COMMANDS: `${process.execPath} ${EVERYTHING}`,
      },
    });
  });
  afterAll(() => world.end());

  it('runs a research that asks', async () => {
    const made = await world.rest('POST', '/gateways', {
      ...{ name: 'all', transport: 'STDIO', command: process.execPath },
      args: [EVERYTHING, 'stdio'],
    });
    expect([made.status, made.text]).toEqual([200, expect.stringContaining('"healthy"')]);
    const client = new Client(
      { name: 'tasks', version: '1' },
      { capabilities: { elicitation: {} } },
    );
    client.setRequestHandler(ElicitRequestSchema, () => ({
      ...{ action: 'accept', content: { interpretation: 'technical' } },
    }));
    const requestInit = { headers: { authorization: `Bearer ${world.token}` } };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit }),
    );
    const { tools } = await client.listTools();
    const name = tools.find((tool) => tool.execution?.taskSupport === 'required')?.name ?? '';
    const stages = [];
    const stream = client.experimental.tasks.callToolStream({
      name,
      arguments: { topic: 'python', ambiguous: true },
    });
    for await (const message of stream) stages.push(message);
    expect(stages[0]?.type).toBe('taskCreated');
    expect(stages.at(-1)).toMatchObject({ type: 'result' });
    expect(JSON.stringify(stages.at(-1))).toContain('technical');
    await client.close();
  }, 30_000);
});
