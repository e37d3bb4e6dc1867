import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const REVISION = '2026-07-28';
const KEY = 'io.modelcontextprotocol/';

/** One modern POST as it stands on the wire. */
async function modern(
  world: World,
  name: string,
  given: Record<string, unknown>,
  signal?: AbortSignal,
) {
  const _meta = {
    [`${KEY}protocolVersion`]: REVISION,
    [`${KEY}clientCapabilities`]: { elicitation: {} },
    ...(given['_meta'] as object | undefined),
  };
  const params = { name, arguments: {}, ...given, _meta };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
  const headers = {
    'mcp-protocol-version': REVISION,
    'mcp-method': 'tools/call',
    'mcp-name': name,
  };
  return world
    .client()
    .send(JSON.stringify(message), { headers, ...(signal === undefined ? {} : { signal }) });
}

const cancelled = (world: World) =>
  eventually('tasks/cancel above', () =>
    world.upstream.journal.events().find((e) => e.method === 'tasks/cancel'),
  );

describe.each(['STREAMABLEHTTP', 'SSE'] as const)(
  'tools that run as tasks only, of a legacy upstream over %s',
  (transport) => {
    let world: World;
    beforeAll(async () => {
      world = await aWorld({ upstream: { tasks: true, only: ['ok'] } });
      if (transport === 'STREAMABLEHTTP') return;
      await world.rest('POST', '/gateways', {
        ...{ name: 'sse', url: world.upstream.urls.sse, transport },
      });
    });
    afterAll(() => world.end());
    const tool = (name: string) => `${transport === 'SSE' ? 'sse' : 'kit'}-${name}`;

    it('gives a modern client the result, and no task', async () => {
      const { answer, raw } = await modern(world, tool('task-echo'), {
        arguments: { message: 'hello' },
      });
      expect(answer?.result).toEqual({
        resultType: 'complete',
        content: [{ type: 'text', text: 'hello' }],
      });
      expect(raw).not.toContain('related-task');
      const failed = await modern(world, tool('task-fail'), {});
      expect(failed.answer?.result).toMatchObject({ resultType: 'complete', isError: true });
    });

    it('asks a modern client in its answer, and goes on with the task', async () => {
      const first = await modern(world, tool('task-ask'), {});
      expect(first.answer?.result.resultType).toBe('input_required');
      expect(first.raw).not.toContain('related-task');
      const second = await modern(world, tool('task-ask'), {
        requestState: first.answer?.result.requestState as string,
        inputResponses: { e1: { action: 'accept', content: { name: 'Ann' } } },
      });
      expect(second.answer?.result).toMatchObject({ resultType: 'complete' });
      expect(second.raw).toContain('Ann');
    });

    it('gives a legacy client that begins no task the result', async () => {
      const client = world.client();
      await client.initialize({ elicitation: {} }, '2025-06-18');
      const call = await client.call(tool('task-echo'), { message: 'hello' });
      expect(call.answer?.result).toEqual({ content: [{ type: 'text', text: 'hello' }] });
      const asked = await client.call(
        tool('task-ask'),
        {},
        { respond: () => ({ result: { action: 'decline' } }) },
      );
      expect(asked.before.map((m) => m.method)).toEqual(['elicitation/create']);
      expect(asked.answer?.result.content[0].text).toContain('decline');
    });

    it('relays the progress of a task that nobody sees', async () => {
      const client = world.client();
      await client.initialize({}, '2025-06-18');
      const { before, answer } = await client.request('tools/call', {
        ...{ name: tool('task-steps'), arguments: {}, _meta: { progressToken: 7 } },
      });
      expect(answer?.result.content[0].text).toBe('stepped');
      const steps = [1, 2, 3].map((progress) => ({ progressToken: 7, progress }));
      expect(before.map(({ params }) => params)).toEqual(steps);
      const newer = await modern(world, tool('task-steps'), { _meta: { progressToken: 7 } });
      expect(newer.before.map(({ params }) => params)).toEqual(steps);
      expect(newer.answer?.result.content[0].text).toBe('stepped');
    });

    it('asks again for a result whose connection broke, and cancels no task that has ended', async () => {
      if (transport === 'SSE') return;
      const from = world.upstream.journal.events().length;
      const client = world.client();
      await client.initialize({}, '2025-06-18');
      await world.upstream.set({ cutResults: 1 });
      const again = await client.call(tool('task-echo'), { message: 'hello' });
      expect(again.answer?.result.content).toEqual([{ type: 'text', text: 'hello' }]);
      await world.upstream.set({ cutResults: 2 });
      const lost = await client.call(tool('task-echo'), { message: 'hello' });
      expect(lost.answer?.error?.message).toContain('The task has ended');
      const methods = world.upstream.journal
        .events()
        .slice(from)
        .map(({ method }) => method);
      expect(methods.filter((method) => method === 'tasks/result')).toHaveLength(4);
      expect(methods).not.toContain('tasks/cancel');
    });

    it('cancels the task of a client that is gone', async () => {
      const gone = new AbortController();
      const call = modern(world, tool('task-hang'), {}, gone.signal).catch(() => null);
      await eventually('the task above', () =>
        world.upstream.journal.events().find((e) => e.bytes?.includes('"task_hang"')),
      );
      await eventually(
        'a look at it',
        () => world.upstream.journal.events().at(-1)?.method === 'tasks/get',
      );
      gone.abort();
      await call;
      await cancelled(world);
    });
  },
);
