import { once } from 'node:events';
import { connect } from 'node:net';
import { startGateway, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { eventually } from '../drive/wait.js';
import { worldOf, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

/** RELIABILITY.md R16, R18, R33: what a restart costs a client. */
describe('restarts of the gateway', () => {
  let upstream: Upstream;
  let gateway: GatewayProcess;
  let world: World;

  beforeEach(async () => {
    upstream = await startUpstream({ only: ['ok', 'slow'] });
    gateway = await startGateway();
    world = worldOf(gateway, upstream);
    const made = await world.rest('POST', '/gateways', {
      name: 'kit',
      url: upstream.urls.http,
    });
    expect(made.status).toBe(200);
  });
  afterEach(() => world.end());

  it('goes on with the same session id after kill -9', async () => {
    const client = world.client();
    await client.initialize();
    await client.call('kit-ok');
    await gateway.stop('SIGKILL');
    const env = { PORT: String(gateway.port) };
    const again = await startGateway({ dir: gateway.dir, env });
    world = worldOf(again, upstream);
    const resumed = new HttpClient(`${again.url}/mcp`, world.token);
    resumed.sessionId = client.sessionId;
    const answer = await eventually('the catalog is back', async () => {
      const call = await resumed.call('kit-ok');
      expect([200, 404]).toContain(call.status);
      return call.answer?.result === undefined ? undefined : call;
    });
    expect(answer.answer?.result.content[0].text).toBe('ok');
  });

  it('lets accepted calls finish on SIGTERM and is gone soon after', async () => {
    const client = world.client();
    await client.initialize();
    const abort = new AbortController();
    const { events } = await client.listen(abort.signal);
    const calls = Array.from({ length: 10 }, (_, i) =>
      client.call('kit-slow', { ms: 800, nonce: `drain-${String(i)}` }),
    );
    await eventually('all calls arrive', () =>
      Array.from({ length: 10 }, (_, i) => upstream.journal.times(`drain-${String(i)}`)).every(
        (n) => n === 1,
      ),
    );
    const stoppedAt = performance.now();
    const gone = gateway.stop('SIGTERM', 30_000);
    for (const call of calls) expect((await call).answer?.result.content[0].text).toBe('slow');
    await events?.closed;
    expect(await gone).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
  });

  it('does not wait for a connection on which nothing was ever asked', async () => {
    const silent = connect(gateway.port, '127.0.0.1');
    await once(silent, 'connect');
    const stoppedAt = performance.now();
    expect(await gateway.stop('SIGTERM', 30_000)).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    silent.destroy();
  });

  it('keeps what it acknowledged over kill -9', async () => {
    const acknowledged: string[] = [];
    for (let i = 0; i < 10; i++) {
      const name = `s${String(i)}`;
      const made = await world.rest('POST', '/servers', { name, associatedTools: ['kit-ok'] });
      if (made.status === 201) acknowledged.push(name);
    }
    await gateway.stop('SIGKILL');
    const again = await startGateway({ dir: gateway.dir });
    world = worldOf(again, upstream);
    const names = (await world.rest('GET', '/servers')).json().map((s: { name: string }) => s.name);
    expect(names).toEqual(acknowledged);
    expect(acknowledged).toHaveLength(10);
  });
});
