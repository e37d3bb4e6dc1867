import type { Claim } from './claim.js';
import type { ExchangeHooks, Outcome, Sent } from './exchange.js';
import { MissedTasks } from './missed-tasks.js';

const CLAIM = { meta: '', revision: '2026-07-28' } as Claim;

/** A gateway that answers `tasks/get` with these, one after the other; `null` = not to be reached. */
function made(answers: (object | null)[]) {
  const asked: string[] = [];
  const post = (body: string, hooks: ExchangeHooks): Sent => {
    asked.push((JSON.parse(body) as { params: { taskId: string } }).params.taskId);
    const result = answers.shift() ?? null;
    if (result !== null)
      hooks.onText(JSON.stringify({ jsonrpc: '2.0', id: 'mcpgateway-wrapper-task', result }));
    const outcome = { status: result === null ? 503 : 200, error: null } as Outcome;
    return { done: Promise.resolve(outcome), abort: () => undefined } as unknown as Sent;
  };
  const tasks = new MissedTasks({ post }, CLAIM);
  const told: string[] = [];
  const ask = () =>
    tasks.ask(
      () => true,
      (state) => told.push(state),
    );
  return { tasks, ask, asked, told };
}

describe('tasks that were not told of while a subscription was lost', () => {
  it('are asked for, and those that have ended only once', async () => {
    const { tasks, ask, asked, told } = made([{ taskId: 'a', status: 'completed' }]);
    tasks.granted(['a']);
    await ask();
    tasks.granted(['a']);
    await ask();
    expect([asked, told]).toEqual([['a'], ['"taskId":"a","status":"completed"']]);
  });

  it('are not asked for once their end was told', async () => {
    const { tasks, ask, asked } = made([]);
    tasks.granted(['a']);
    tasks.told('a', 'failed');
    tasks.granted(['a']);
    await ask();
    expect(asked).toEqual([]);
  });

  it('are asked for again while the gateway cannot be asked', async () => {
    const { tasks, ask, asked, told } = made([null, { taskId: 'a', status: 'working' }]);
    tasks.granted(['a']);
    await ask();
    expect([asked, told]).toEqual([['a', 'a'], ['"taskId":"a","status":"working"']]);
  });
});
