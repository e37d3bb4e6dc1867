import { loadConfig } from '../config/load-config.js';
import { metricsView } from '../kernel/item-metrics.js';
import { createLogger } from '../platform/log/log.js';
import { Database } from '../store/database.js';
import { ItemTally } from './item-tally.service.js';

describe('what records were used for', () => {
  const log = createLogger(loadConfig({ LOG_LEVEL: 'critical' }, { cwd: __dirname }));
  let database: Database;
  const aTally = async (): Promise<ItemTally> => {
    const tally = new ItemTally(database, log);
    await tally.onModuleInit();
    return tally;
  };
  beforeEach(async () => {
    database = await Database.open({ url: 'sqlite::memory:', busyTimeoutMs: 1_000 });
  });
  afterEach(() => database.onApplicationShutdown());

  it('is known at once, and the same once it is stored', async () => {
    const tally = await aTally();
    tally.count('tool', 'a', false, 0.2);
    tally.count('tool', 'a', true, 0.4);
    tally.count('tool', 'b', false, 1);
    const before = metricsView(tally.of('tool', 'a'));
    expect(before).toMatchObject({ totalExecutions: 2, failureRate: 0.5, maxResponseTime: 0.4 });
    expect(before['avgResponseTime']).toBeCloseTo(0.3);
    await tally.flush();
    expect(metricsView(tally.of('tool', 'a'))).toEqual(before);
    expect(tally.ofAll('tool')?.total).toBe(3);
    expect(tally.of('prompt', 'a')).toBeUndefined();
  });

  it('adds up over processes and restarts', async () => {
    const [one, two] = [await aTally(), await aTally()];
    one.count('server', 's', false, 1);
    two.count('server', 's', true, 3);
    await one.flush();
    await two.flush();
    const later = await aTally();
    expect(later.of('server', 's')).toMatchObject({
      total: 2,
      failed: 1,
      minSeconds: 1,
      maxSeconds: 3,
    });
    expect(two.of('server', 's')?.total).toBe(2);
  });

  it('starts anew for one record, or for all of a kind', async () => {
    const tally = await aTally();
    for (const id of ['a', 'b']) tally.count('tool', id, false, 1);
    tally.count('prompt', 'a', false, 1);
    await tally.reset(['tool'], 'a');
    expect([tally.of('tool', 'a'), tally.of('tool', 'b')?.total]).toEqual([undefined, 1]);
    await tally.reset(['tool'], null);
    const later = await aTally();
    expect([later.ofAll('tool'), later.ofAll('prompt')?.total]).toEqual([undefined, 1]);
  });
});
