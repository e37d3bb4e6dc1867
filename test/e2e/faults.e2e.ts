import { RpcClient } from '../drive/rpc-client.js';
import { everywhere } from '../drive/over.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** The name under which the gateway shows a behaviour of the kit. */
const exposed = (tool: string) => `kit-${tool.replaceAll('_', '-')}`;

/** RELIABILITY.md R05–R09: one defined answer within the deadline, nothing sent twice, no restart. */
describe('upstreams that break', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({
      env: {
        TOOL_TIMEOUT: '1',
        CIRCUIT_BREAKER_THRESHOLD: '1000',
        HEALTH_CHECK_INTERVAL: '1',
        MAX_TOOL_RESULT_SIZE: '5000000',
      },
    });
  });
  afterAll(() => world.end());

  everywhere(
    'ends a call that hangs, and tells the upstream',
    () => world,
    async (client, way) => {
      const nonce = `hang-${way}`;
      const startedAt = performance.now();
      const { answer } = await client.call('kit-hang', { nonce });
      const tookMs = performance.now() - startedAt;
      expect(answer?.error?.data.code).toBe('upstream_timeout');
      expect(tookMs).toBeGreaterThan(900);
      expect(tookMs).toBeLessThan(3000);
      expect(world.upstream.journal.times(nonce)).toBe(1);
      await eventually('the cancellation', () => world.upstream.journal.cancelOf(nonce));
    },
  );

  const BROKEN = [
    'half',
    'garbage',
    'html502',
    'noresult',
    'numberresult',
    'numbererror',
    'badutf8',
    'close',
    'rst',
    'badchunk',
    'wrongtype',
    'gzipbomb',
    'redirect',
    'status',
    'bigheader',
    'headers_then_hang',
    'wrongid',
    'huge',
  ];
  it.each(BROKEN)('answers %s once with an error of its own, and goes on', async (tool) => {
    const client = world.client();
    await client.initialize();
    const nonce = `broken-${tool}`;
    const { status, answer } = await client.call(exposed(tool), { nonce });
    expect(status).toBe(200);
    expect(answer?.error?.data.code).toMatch(/^upstream_(error|timeout|unreachable)$/);
    expect(JSON.stringify(answer)).not.toContain('/srv/secret/path');
    expect(world.upstream.journal.times(nonce)).toBe(1);
    const next = await client.call('kit-ok');
    expect(next.answer?.result.content[0].text).toBe('ok');
  });

  it.each(['dup', 'slices', 'newlines', 'drip'])('reads %s right', async (tool) => {
    const client = world.client();
    await client.initialize();
    const { answer } = await client.call(`kit-${tool}`, { bytesPerS: 2000 });
    expect(answer?.result.content[0].text).toBeDefined();
  });

  it('lets progress keep a long call alive', async () => {
    const client = world.client();
    await client.initialize();
    const done = await client.request('tools/call', {
      name: 'kit-progress',
      arguments: { n: 6, everyMs: 400 },
      _meta: { progressToken: 'p' },
    });
    expect(done.answer?.result.content[0].text).toBe('done');
  });

  it('begins a new upstream session when the old one is forgotten, once', async () => {
    const client = world.client();
    await client.initialize();
    for (const status of [404, 410, 400] as const) {
      await client.call('kit-ok');
      await world.upstream.set({ session: { forgetNow: true, status } });
      const before = world.upstream.journal.initializes();
      const nonce = `lost-${String(status)}`;
      const { answer } = await client.call('kit-ok', { nonce });
      expect(answer?.result.content[0].text).toBe('ok');
      expect(world.upstream.journal.initializes() - before).toBeLessThanOrEqual(2);
    }
  });

  it('answers a call whose upstream is killed, does not repeat it, and recovers by itself', async () => {
    const client = world.client();
    await client.initialize();
    const call = client.call('kit-slow', { ms: 5000, nonce: 'killed' });
    await eventually('the call arrives', () => world.upstream.journal.times('killed') === 1);
    const killedAt = performance.now();
    await world.upstream.die('kill9');
    expect((await call).answer?.error?.data.code).toBe('upstream_error');
    expect(performance.now() - killedAt).toBeLessThan(1000);
    const down = await client.call('kit-ok');
    expect(down.answer?.error?.data.code).toMatch(/^upstream_/);
    await world.upstream.restart();
    await eventually('calls succeed again', async () => {
      const { answer } = await client.call('kit-ok');
      return answer?.result !== undefined;
    });
    expect(world.upstream.journal.times('killed')).toBe(1);
  });

  it('keeps its deadline while an upstream is frozen, and others are served', async () => {
    const client = world.client();
    await client.initialize();
    await world.upstream.die('stop');
    const startedAt = performance.now();
    const { answer } = await client.call('kit-ok');
    expect(answer?.error?.data.code).toMatch(/^upstream_(timeout|unavailable)/);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect((await new RpcClient(world.url, world.token).request('ping')).status).toBe(200);
    await world.upstream.die('cont');
    await eventually(
      'calls succeed again',
      async () => {
        const again = await client.call('kit-ok');
        return again.answer?.result !== undefined;
      },
      10_000,
    );
  });

  it('has lost no process and no promise over all this', () => {
    expect(world.gateway.child.exitCode).toBeNull();
    expect(world.gateway.output()).not.toMatch(/unhandled/i);
  });
});
