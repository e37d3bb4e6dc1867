import { aCaller } from '../../../../test/builders/caller.js';
import type { Caller } from '../../../kernel/caller.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { GatewayId } from '../../../kernel/ids.js';
import { TaskListening } from './task-news.js';

const [alice, bob] = ['alice', 'bob'].map((principal) => aCaller({ principal })) as [
  Caller,
  Caller,
];
const task = { gatewayId: 'g' as GatewayId, taskId: 't' };
const turn = () => new Promise<void>((next) => setImmediate(next));

/** @returns who has its task watched, once that of alice has failed with `error` */
async function watchedAfter(error: Error): Promise<string[]> {
  const asked: string[] = [];
  const listening = new TaskListening({
    watch: ({ caller }) => {
      asked.push(caller.principal);
      return caller === alice ? Promise.reject(error) : Promise.resolve();
    },
    end: () => Promise.resolve(),
  });
  listening.to(alice, task, () => undefined);
  await turn();
  asked.length = 0;
  for (const caller of [alice, bob]) listening.to(caller, task, () => undefined);
  return asked;
}

describe('an upstream that does not tell of a task', () => {
  it('is not asked again for a while, by anybody', async () => {
    expect(await watchedAfter(new Error('no such method'))).toEqual([]);
  });

  it.each([
    new GatewayError('login_needed', { gateway: 'kit', url: 'https://here' }),
    new GatewayError('upstream_unreachable', { reason: 'down' }),
  ])('is asked by others where it was the way of one person: $code', async (error) => {
    expect(await watchedAfter(error)).toEqual(['bob']);
  });

  it('is asked again where there was no room here', async () => {
    const error = new GatewayError('overloaded', { what: 'Too many' });
    expect(await watchedAfter(error)).toEqual(['alice', 'bob']);
  });
});
