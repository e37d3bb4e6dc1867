import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { loadConfig } from '../config/load-config.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { Database } from '../store/database.js';
import { type Claim, IdempotentAnswers } from './idempotent-answers.service.js';

const KEYED = { scope: ['alice', 'POST', '/tools', 'k1'], content: '{"name":"a"}' };
const sealer = (secret: string): Sealer =>
  new Sealer(loadConfig({ AUTH_ENCRYPTION_SECRET: secret.repeat(40) }));

describe('idempotent answers', () => {
  let database: Database;
  let answers: IdempotentAnswers;
  const open = (secret = 'k'): IdempotentAnswers =>
    new IdempotentAnswers(database, sealer(secret), pino({ level: 'silent' }));
  const claimed = async (keyed = KEYED, by = answers): Promise<Claim> => {
    const found = await by.claim(keyed);
    if (!('claim' in found)) throw new Error('was answered already');
    return found.claim;
  };

  beforeEach(async () => {
    database = await Database.open({ url: 'sqlite::memory:', busyTimeoutMs: 1_000 });
    answers = open();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await database.onApplicationShutdown();
  });

  it('are given to whoever asks the same again, in every process', async () => {
    await (await claimed()).answered('done');
    expect(await answers.claim(KEYED)).toEqual({ kept: 'done' });
    expect(await open().claim(KEYED)).toEqual({ kept: 'done' });
  });

  it('are kept sealed', async () => {
    await (await claimed()).answered('secret answer');
    const id = createHash('sha256').update(JSON.stringify(KEYED.scope)).digest('hex');
    const row = await database.repositories.idempotency.find(id);
    expect(row?.answerSealed).toMatch(/./);
    expect(JSON.stringify(row)).not.toMatch(/secret|alice|name/);
  });

  it('refuse the key with another content, also while the first runs', async () => {
    const claim = await claimed();
    const other = { ...KEYED, content: 'other' };
    await expect(answers.claim(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
    await claim.answered('done');
    await expect(answers.claim(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
    await claimed({ ...KEYED, scope: ['bob', 'POST', '/tools', 'k1'] });
  });

  it('let one of many at once run', async () => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => answers.claim(KEYED)));
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(7);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'in_progress', extras: { retryAfterSeconds: 1 } });
  });

  it('let a request run again that was dropped', async () => {
    await (await claimed()).dropped();
    await (await claimed()).answered('second');
    expect(await answers.claim(KEYED)).toEqual({ kept: 'second' });
  });

  it('end after a day', async () => {
    await (await claimed()).answered('old');
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    jest.setSystemTime(Date.now() + 86_399_000);
    expect(await answers.claim(KEYED)).toEqual({ kept: 'old' });
    jest.setSystemTime(Date.now() + 2_000);
    await (await claimed()).answered('new');
    expect(await answers.claim(KEYED)).toEqual({ kept: 'new' });
  });

  it('pass from a process that died to the next, and no longer take its answer', async () => {
    const dead = await claimed();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    jest.setSystemTime(Date.now() + 16_000);
    const claim = await claimed(KEYED, open());
    await dead.answered('from the dead');
    await claim.answered('living');
    expect(await answers.claim(KEYED)).toEqual({ kept: 'living' });
  });

  it('do not count when their key is gone', async () => {
    await (await claimed()).answered('unreadable');
    await claimed(KEYED, open('z'));
  });
});
