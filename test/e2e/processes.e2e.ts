import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { token } from '../drive/gateway-process.cjs';
import { restClient, type Loose } from '../drive/rest.js';
import { RpcClient } from '../drive/rpc-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const CHILD = join(__dirname, '../fakes/stdio-child.mjs');
const ALLOWED = {
  STDIO_UPSTREAMS_ENABLED: 'true',
  STDIO_ALLOWED_COMMANDS: `${process.execPath} ${CHILD}`,
};

const aProcess = (name: string, mode = '', more: object = {}) => ({
  ...{ name, transport: 'STDIO', command: process.execPath },
  args: [CHILD, mode],
  ...more,
});

/** The processes of upstreams that a gateway has just now. */
function childrenOf(world: World): number {
  const pid = String(world.gateway.pid);
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return pids.filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(CHILD);
    } catch {
      return false;
    }
  }).length;
}

/** PROTOCOL.md §7.3: what is seen of the processes of STDIO gateways. */
describe('what a process writes to stderr', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok'] }, env: ALLOWED });
  });
  afterAll(() => world.end());
  const call = async (tool: string, args: unknown) =>
    (await new RpcClient(world.url, world.token).call(tool, args)).answer;
  const shown = async (name: string, who = world.token): Promise<Loose> =>
    (await restClient(world.url, who)('GET', `/gateways/${name}`)).json();

  it('says why it cannot be registered', async () => {
    const answer = await world.rest('POST', '/gateways', aProcess('dead', 'dies'));
    expect(answer.status).toBe(502);
    expect(answer.json().detail).toMatch(/exited with code 7 \(no configuration\)/);
  });

  it('is shown with the gateway, to those who may change it', async () => {
    const made = await world.rest(
      'POST',
      '/gateways',
      aProcess('loud', '', { env: { API_KEY: 'sesame-open' } }),
    );
    expect([made.status, made.text]).toEqual([200, expect.anything()]);
    await call('loud-complain', { text: 'with sesame-open I cannot\n' });
    const processes = await eventually('it is shown', async () => {
      const found = (await shown('loud')).processes as Loose[];
      return found.some((one) => one.stderr !== '') ? found : null;
    });
    expect(processes).toContainEqual({
      pid: expect.any(Number) as number,
      startedAt: expect.any(String) as string,
      endedAt: null,
      stderr: 'with [redacted] I cannot',
    });
    expect(await shown('loud', token('vera', { role: 'viewer' }))).not.toHaveProperty('processes');
  });

  it('stays to be seen after its end, and is not told to callers', async () => {
    await call('loud-complain', { text: 'out of cheese\n' });
    const answer = await call('loud-exit', { code: 3 });
    expect(answer?.error?.message).toContain('exited with code 3');
    expect(answer?.error?.message).not.toContain('cheese');
    const { processes } = await shown('loud');
    expect(processes).toContainEqual(
      expect.objectContaining({
        endedAt: expect.any(String) as string,
        stderr: expect.stringContaining('out of cheese') as string,
      }),
    );
  });
});

describe('how many processes there are', () => {
  let world: World;
  let file: string;
  let most = 0;
  let watching: NodeJS.Timeout;
  const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok'] },
      env: {
        ...ALLOWED,
        STDIO_MAX_PROCESSES: '3',
        STDIO_MAX_PROCESSES_PER_GATEWAY: '2',
        STDIO_IDLE_TIMEOUT: '2',
        HEALTH_CHECK_INTERVAL: '1',
      },
    });
    file = join(world.gateway.dir, 'more');
    watching = setInterval(() => {
      most = Math.max(most, childrenOf(world));
    }, 20);
    for (const name of NAMES) {
      const mode = name === 'p1' ? `lists:${file}` : '';
      const made = await world.rest('POST', '/gateways', aProcess(name, mode));
      expect([name, made.status, made.text]).toEqual([name, 200, expect.anything()]);
    }
  });
  afterAll(async () => {
    clearInterval(watching);
    await world.end();
  });
  const call = async (tool: string, args: unknown = {}) =>
    (await new RpcClient(world.url, world.token).call(tool, args)).answer;

  it('is never more than there may be, whoever started them, and all serve', async () => {
    const answers = await Promise.all(NAMES.map((name) => call(`${name}-echo`, { text: name })));
    expect(answers.map((answer) => answer?.result?.content[0].text)).toEqual(NAMES);
    for (const name of NAMES)
      expect((await world.rest('GET', `/gateways/${name}`)).json().status).toBe('healthy');
    expect(most).toBe(3);
  });

  it('makes a call wait until another is over', async () => {
    const long = ['p1', 'p2', 'p3'].map((name) => call(`${name}-slow`, { ms: 1500 }));
    await eventually('they run', () => childrenOf(world) === 3);
    const short = call('p4-echo', { text: 'at last' });
    expect((await short)?.result.content[0].text).toBe('at last');
    for (const answer of await Promise.all(long)) expect(answer?.error).toBeUndefined();
    expect(most).toBe(3);
  });

  it('is none when nobody has used them for long, and they are as well as before', async () => {
    const health = async (name: string): Promise<Loose> =>
      (await world.rest('GET', `/gateways/${name}/health`)).json();
    await eventually(
      'they rest',
      async () => (await Promise.all(NAMES.map(health))).every(({ resting }) => resting === true),
      15_000,
    );
    await eventually('none is left', () => childrenOf(world) === 0);
    for (const name of NAMES)
      expect(await health(name)).toMatchObject({ status: 'healthy', reachable: true });
    const tools: Loose[] = (await world.rest('GET', '/tools')).json();
    expect(tools.map(({ name }) => name as string)).toContain('p6-echo');
  }, 20_000);

  it('grows with the next call, and what has changed meanwhile is seen', async () => {
    writeFileSync(file, '');
    expect((await call('p1-echo', { text: 'awake' }))?.result.content[0].text).toBe('awake');
    await eventually(
      'its lists are read again, and it does not rest',
      async () => {
        // It rests soon again when nobody calls.
        await call('p1-echo', { text: 'awake' });
        const health = (await world.rest('GET', '/gateways/p1/health')).json();
        const tools: Loose[] = (await world.rest('GET', '/tools')).json();
        const isAwake = health.status === 'healthy' && health.resting === false;
        return isAwake && tools.some(({ name }) => name === 'p1-more');
      },
      15_000,
    );
  }, 20_000);
});
