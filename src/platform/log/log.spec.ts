import { loadConfig } from '../../config/load-config.js';
import { createLogger } from './log.js';

function logTo(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const log = createLogger(loadConfig(env, { cwd: __dirname }), { write });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

it('writes one JSON object per line with time, level name and event', () => {
  const { log, lines, last } = logTo();
  log.warn({ event: 'gateway.down', gateway: 'time', failures: 3 });
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(last()).toMatchObject({
    level: 'warn',
    event: 'gateway.down',
    service: 'mcpgateway',
    failures: 3,
  });
  expect(new Date(last()['time'] as string).toJSON()).toBe(last()['time']);
});

it('obeys LOG_LEVEL', () => {
  const { log, lines } = logTo({ LOG_LEVEL: 'ERROR' });
  log.warn({ event: 'x' });
  expect(lines).toEqual([]);
});

it('writes lines for people with LOG_FORMAT=text', () => {
  const { log, lines } = logTo({ LOG_FORMAT: 'text' });
  log.error({ event: 'call.failed', err: new Error('boom') });
  log.info({ event: 'gateway.up', gateway: 'time' }, 'ready to serve');
  expect(lines[0]).toMatch(/^[\d:.]{12} ERROR call\.failed\nError: boom\n {4}at /);
  expect(lines[1]).toMatch(/^[\d:.]{12} INFO {2}gateway\.up ready to serve gateway=time\n$/);
});

it('lets no secret through, wherever it hangs', () => {
  const canary = 'CANARY-7f3a';
  const { log, lines } = logTo({ LOG_LEVEL: 'trace' });
  log.info({
    event: 'x',
    password: canary,
    accessToken: canary,
    jwtSecretKey: canary,
    'x-api-key': canary,
    nested: { deep: { client_secret: canary, list: [{ apiKey: canary }] } },
    headers: { authorization: `Bearer ${canary}`, 'x-vault': canary, 'content-type': 'text/plain' },
    responseHeaders: { 'set-cookie': canary },
    arguments: { a: canary },
    result: canary,
    url: `https://user:${canary}@db.test/path?token=${canary}`,
    note: `sent Bearer ${canary}`,
  });
  const cause = new Error(`postgresql://u:${canary}@host/db`);
  log.error({ err: Object.assign(new Error(`Basic ${canary}`, { cause }), { body: canary }) });
  log.child({ token: canary }).info({ event: 'y' });
  log.info({ err: new Error('x'), jwt: `eyJhbGciOiJIUzI1NiJ9.eyJzdWIi${canary}.sig` });
  expect(lines).toHaveLength(4);
  expect(lines.join('')).not.toContain(canary);
  expect(lines[0]).toContain('"content-type":"text/plain"');
});

it('tells of an error its type, message, stack and code', () => {
  const { log, last } = logTo();
  log.error({ event: 'x', err: Object.assign(new TypeError('bad'), { code: 'E_BAD' }) });
  expect(last()['err']).toMatchObject({ type: 'TypeError', message: 'bad', code: 'E_BAD' });
  log.error(new Error('bare'));
  expect(last()['err']).toMatchObject({ message: 'bare' });
});
