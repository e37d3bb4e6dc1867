import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

describe.each([
  ['tells of them', true],
  ['tells nothing of them', false],
])('tasks of a modern upstream that %s, for legacy clients', (_what, tells) => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { era: 'modern', tasks: true, only: ['ok'] } });
    await world.upstream.set({ modern: { tellsNoTasks: !tells } });
    // The tool has to say once that it runs as a task only.
    await (await opened()).call('kit-task-echo', { message: 'first', ms: 1 });
  });
  afterAll(() => world.end());

  const opened = async () => {
    const client = world.client();
    await client.initialize({ elicitation: {} });
    return client;
  };
  /** What reached the upstream meanwhile. */
  const counted = async <T>(work: () => Promise<T>) => {
    const from = world.upstream.journal.events().length;
    const outcome = await work();
    const methods = world.upstream.journal
      .events()
      .slice(from)
      .map(({ method }) => method);
    return { outcome, looks: methods.filter((method) => method === 'tasks/get').length };
  };

  it('are followed to the result, by polls only where nothing else helps', async () => {
    const client = await opened();
    const { outcome, looks } = await counted(() =>
      client.call('kit-task-echo', { message: 'hello', ms: 1500 }),
    );
    expect(outcome.answer?.result).toEqual({ content: [{ type: 'text', text: 'hello' }] });
    // The upstream wishes one each 100 ms.
    if (tells) expect(looks).toBeLessThanOrEqual(2);
    else expect(looks).toBeGreaterThan(5);
  });

  it('have their questions asked', async () => {
    const client = await opened();
    const respond = () => ({ result: { action: 'accept', content: { name: 'Ann' } } });
    const { outcome, looks } = await counted(() => client.call('kit-task-ask', {}, { respond }));
    expect(outcome.answer?.result.content[0].text).toContain('Ann');
    if (tells) expect(looks).toBeLessThanOrEqual(2);
  });

  it('fail as they failed', async () => {
    const { answer } = await (await opened()).call('kit-task-fail');
    expect(answer?.error ?? answer?.result).toMatchObject({ code: -7 });
  });

  it('are listened for no longer once they are over', async () => {
    await eventually('a subscription without tasks', () => {
      const events = world.upstream.journal.events();
      const last = events.findLast((e) => e.event === 'subscribed');
      return last !== undefined && (last.filter?.['taskIds'] ?? null) === null;
    });
  });
});
