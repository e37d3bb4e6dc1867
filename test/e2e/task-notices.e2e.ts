import { token } from '../drive/gateway-process.cjs';
import { ModernClient } from '../drive/modern-client.js';
import type { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const TASKS = 'io.modelcontextprotocol/tasks';
const TAG = 'io.modelcontextprotocol/subscriptionId';

describe('a modern client that listens for its tasks', () => {
  let world: World;
  let open: AbortController;
  beforeAll(async () => {
    world = await aWorld({ upstream: { era: 'modern', tasks: true, only: ['ok'] } });
  });
  afterAll(() => world.end());
  beforeEach(() => {
    open = new AbortController();
  });
  afterEach(() => {
    open.abort();
  });

  function aClient(who = world.token, extensions: object = { [TASKS]: {} }): ModernClient {
    const client = new ModernClient(`${world.url}/mcp`, who);
    client.capabilities = { extensions };
    return client;
  }
  async function begin(client: ModernClient): Promise<string> {
    const { answer } = await client.call('kit-task-hang');
    expect(answer?.result.resultType).toBe('task');
    return answer?.result.taskId as string;
  }
  const next = async (events: SseReader): Promise<Record<string, unknown>> =>
    JSON.parse((await events.next())?.data ?? 'null') as Record<string, unknown>;
  /** What the upstream was asked to tell of last, once that is about so many tasks. */
  const listened = (count: number) =>
    eventually('the subscription above', () => {
      const last = world.upstream.journal.events().findLast((e) => e.event === 'subscribed');
      const ids = (last?.filter?.['taskIds'] ?? []) as string[];
      return ids.length === count ? ids : undefined;
    });

  it('hears of them under the ids it has, and of no others', async () => {
    const client = aClient();
    const taskId = await begin(client);
    const foreign = await begin(aClient(token('bob')));
    const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
    const asked = { taskIds: [taskId, foreign, flipped, 'nothing'] };
    const { id, events } = await client.subscribe(asked, open.signal);
    expect(await next(events)).toMatchObject({
      params: { notifications: { taskIds: [taskId] }, _meta: { [TAG]: id } },
    });
    const [upstreamId] = await listened(1);
    expect(upstreamId).not.toBe(taskId);
    for (const [of, status] of [
      ['another', 'working'],
      [upstreamId, 'completed'],
    ])
      await world.upstream.emit({
        jsonrpc: '2.0',
        method: 'notifications/tasks',
        params: { taskId: of, status, result: { content: [] } },
      });
    expect(await next(events)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tasks',
      params: { taskId, status: 'completed', result: { content: [] }, _meta: { [TAG]: id } },
    });
    open.abort();
    await listened(0);
  });

  it('must have declared that it follows tasks', async () => {
    const taskId = await begin(aClient());
    const undeclared = await aClient(world.token, {}).request('subscriptions/listen', {
      notifications: { taskIds: [taskId] },
    });
    expect([undeclared.status, undeclared.answer?.error?.code]).toEqual([400, -32021]);
  });
});
