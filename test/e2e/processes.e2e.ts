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
