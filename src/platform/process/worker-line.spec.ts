import { join } from 'node:path';
import {
  WorkerJobEnded,
  WorkerJobRefused,
  WorkerLine,
  type WorkerLineOptions,
} from './worker-line.js';

interface Job {
  readonly say?: string;
  readonly hang?: boolean;
  readonly fail?: boolean;
  readonly fill?: boolean;
}
interface Answer {
  readonly said: string;
  readonly threadId: number;
}

describe('a line of work on a thread', () => {
  let line: WorkerLine<Job, Answer>;
  const open = (options: Partial<WorkerLineOptions> = {}): void => {
    line = new WorkerLine<Job, Answer>({
      file: join(__dirname, '../../../test/fakes/thread.mjs'),
      deadlineMs: 5_000,
      maxWaitMs: 20_000,
      maxWaiting: 10,
      maxHeapMb: 32,
      ...options,
    });
  };
  afterEach(() => line.close());

  it('does one job after the other on one thread', async () => {
    open();
    const answers = await Promise.all(['a', 'b', 'c'].map((say) => line.run({ say })));
    expect(answers.map((a) => a.said)).toEqual(['a', 'b', 'c']);
    expect(new Set(answers.map((a) => a.threadId)).size).toBe(1);
  });

  it('ends a job that takes too long, and goes on with the next on a new thread', async () => {
    open({ deadlineMs: 100 });
    const before = await line.run({ say: 'before' });
    const [hung, after] = await Promise.allSettled([
      line.run({ hang: true }),
      line.run({ say: 'x' }),
    ]);
    expect(hung).toMatchObject({ status: 'rejected', reason: expect.any(WorkerJobEnded) });
    expect(after).toMatchObject({ status: 'fulfilled', value: { said: 'x' } });
    if (after.status === 'fulfilled') expect(after.value.threadId).not.toBe(before.threadId);
  });

  it.each([{ fail: true }, { fill: true }])('outlives a thread that dies of %j', async (job) => {
    open({ deadlineMs: 20_000 });
    await expect(line.run(job)).rejects.toBeInstanceOf(WorkerJobEnded);
    expect((await line.run({ say: 'on' })).said).toBe('on');
  });

  it('takes no more than may wait, none for longer than that, and none once closed', async () => {
    open({ maxWaiting: 2, maxWaitMs: 200 });
    await line.run({ say: 'up' });
    const jobs = [{ hang: true }, { say: 'a' }, { say: 'b' }, { say: 'c' }].map((job) => {
      const done = line.run(job);
      done.catch(() => undefined); // looked at below, in its turn
      return done;
    });
    for (const job of jobs.reverse().slice(0, 3))
      await expect(job).rejects.toBeInstanceOf(WorkerJobRefused);
    await line.close();
    await expect(jobs[3]).rejects.toBeInstanceOf(WorkerJobRefused);
    await expect(line.run({ say: 'd' })).rejects.toBeInstanceOf(WorkerJobRefused);
  });

  it('says so when there is no such program', async () => {
    open({ file: join(__dirname, 'no-such-thread.mjs') });
    await expect(line.run({ say: 'a' })).rejects.toBeInstanceOf(WorkerJobEnded);
  });
});
