import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cancelTimes, cancelsByMessage } from '../drive/cancel-times.js';
import { RpcClient } from '../drive/rpc-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';
import { JournalFile, KIT } from '../fakes/hostile-upstream/upstream.js';

const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
};

/** stdio and HTTP+SSE upstreams through the same gateway. */
describe('upstreams on other transports', () => {
  let world: World;
  let journal: JournalFile;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['ok'] },
      env: {
        STDIO_UPSTREAMS_ENABLED: 'true',
        STDIO_ALLOWED_COMMANDS: `${process.execPath} ${KIT}`,
        TOOL_TIMEOUT: '2',
        CIRCUIT_BREAKER_THRESHOLD: '1000',
        SECRET_OF_THE_GATEWAY: 'never-goes-to-a-child',
      },
    });
    journal = new JournalFile(join(world.gateway.dir, 'stdio.ndjson'));
    const made = await world.rest('POST', '/gateways', {
      name: 'pipe',
      transport: 'STDIO',
      command: process.execPath,
      args: [KIT, '--transport', 'stdio', '--journal', journal.file],
      env: { GREETING: 'hello' },
    });
    expect([made.status, made.text]).toEqual([200, expect.stringContaining('"healthy"')]);
  });
  afterAll(async () => {
    const pids = new Set(journal.events().flatMap((e) => [e.pid, e.childPid ?? e.pid]));
    await world.end();
    await eventually('all children are gone', () => [...pids].every((pid) => !isAlive(pid)), 8000);
  });
  const call = async (tool: string, args: unknown = {}) =>
    (await new RpcClient(world.url, world.token).call(`pipe-${tool}`, args)).answer;

  it('answers calls through a child process', async () => {
    expect((await call('echo', { message: 'hä' }))?.result.content[0].text).toBe('hä');
  });

  it('gives the child its own environment and nothing of the gateway', async () => {
    const answer = await call('env');
    const env = JSON.parse(answer?.result.content[0].text) as Record<string, string>;
    expect(env['GREETING']).toBe('hello');
    expect(JSON.stringify(env)).not.toContain('never-goes-to-a-child');
    expect(env['JWT_SECRET_KEY']).toBeUndefined();
  });

  it.each(['noise', 'bom', 'crlf', 'splitutf8', 'stderr', 'structured'])(
    'reads %s right',
    async (tool) => {
      expect((await call(tool))?.result).toBeDefined();
    },
  );

  it('keeps concurrent calls on one pipe apart', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => call('echo', { message: `m${String(i)}` })),
    );
    expect(answers.map((a) => a?.result.content[0].text)).toEqual(
      Array.from({ length: 50 }, (_, i) => `m${String(i)}`),
    );
  });

  it('cancels within 100 ms at the process, and no other call', async () => {
    const client = world.client();
    await client.initialize();
    const other = call('slow', { ms: 1000, nonce: 'bystander' });
    const ms = await cancelTimes(journal, cancelsByMessage(client, 'pipe', journal));
    expect(ms[2]).toBeLessThan(100);
    expect((await other)?.result.content[0].text).toBe('slow');
    expect(journal.cancelOf('bystander')).toBeUndefined();
  });

  it('answers a call whose child exits, and starts another', async () => {
    const answer = await call('exit', { nonce: 'exit' });
    expect(answer?.error?.data.code).toBe('upstream_error');
    await eventually(
      'calls succeed again',
      async () => (await call('ok'))?.result !== undefined,
      10_000,
    );
    expect(journal.times('exit')).toBe(1);
  });

  it('ends grandchildren and those that ignore SIGTERM', async () => {
    await call('grandchild', { nonce: 'g' });
    expect((await call('ignore-term'))?.result).toBeDefined();
    const pids = journal.events().flatMap((e) => [e.pid, e.childPid ?? e.pid]);
    const removed = await world.rest('DELETE', '/gateways/pipe');
    expect(removed.status).toBe(200);
    await eventually('all are gone', () => pids.every((pid) => !isAlive(pid)), 10_000);
    const open = readdirSync(`/proc/${String(world.gateway.pid)}/fd`).length;
    expect(open).toBeLessThan(100);
  });

  it('refuses a command that is not listed, and says which setting', async () => {
    const made = await world.rest('POST', '/gateways', {
      name: 'shell',
      transport: 'STDIO',
      command: '/bin/sh',
      args: ['-c', 'true'],
    });
    expect([made.status, made.json().code]).toEqual([403, 'command_not_allowed']);
  });

  it('speaks HTTP+SSE to an older upstream', async () => {
    const made = await world.rest('POST', '/gateways', {
      name: 'old',
      url: world.upstream.urls.sse,
      transport: 'SSE',
    });
    expect([made.status, made.json().toolCount]).toEqual([200, 1]);
    const rpc = new RpcClient(world.url, world.token);
    const answer = await rpc.call('old-ok', { nonce: 'sse' });
    expect(answer.answer?.result.content[0].text).toBe('ok');
    expect(world.upstream.journal.times('sse')).toBe(1);
  });

  it('speaks WebSocket to an upstream', async () => {
    const made = await world.rest('POST', '/gateways', {
      name: 'socket',
      url: world.upstream.urls.ws,
    });
    expect([made.status, made.json()]).toMatchObject([
      200,
      { transport: 'WEBSOCKET', toolCount: 1 },
    ]);
    const rpc = new RpcClient(world.url, world.token);
    const call = async (nonce: string) => (await rpc.call('socket-ok', { nonce })).answer;
    expect((await call('ws'))?.result?.content[0].text).toBe('ok');
    expect(world.upstream.journal.times('ws')).toBe(1);
    // The sockets are gone with the process; the next calls open new ones.
    await world.upstream.restart();
    await eventually('calls succeed again', async () => (await call('again'))?.result, 10_000);
  });

  it('finds out by itself which of them an upstream speaks', async () => {
    for (const [name, url, transport] of [
      ['auto-http', world.upstream.urls.http, 'STREAMABLEHTTP'],
      ['auto-sse', world.upstream.urls.sse, 'SSE'],
    ] as const) {
      const made = await world.rest('POST', '/gateways', { name, url });
      expect([made.status, made.json().transport]).toEqual([200, transport]);
    }
  });
});
