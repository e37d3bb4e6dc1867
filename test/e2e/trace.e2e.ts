import { ModernClient } from '../drive/modern-client.js';
import type { HttpClient } from '../drive/http-client.js';
import type { Loose } from '../drive/rest.js';
import { aWorld, type World } from '../drive/world.js';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const OWN = new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`);

/** PROTOCOL.md §9. */
describe('the trace of a call', () => {
  let world: World;
  let young: Upstream;
  beforeAll(async () => {
    world = await aWorld({
      upstream: { only: ['echo'] },
      env: { TRACE_BAGGAGE_ALLOWED: 'tenant' },
    });
    young = await startUpstream({ era: 'modern', only: ['echo'] });
    await world.rest('POST', '/gateways', { name: 'young', url: young.urls.http });
  });
  afterAll(async () => {
    await world.end();
    await young.close();
  });

  const clients = async (): Promise<HttpClient[]> => {
    const legacy = world.client('/mcp');
    await legacy.initialize();
    return [legacy, new ModernClient(`${world.url}/mcp`, world.token)];
  };

  /** What the upstream got of it, in the message and in the head. */
  const got = async (upstream: Upstream, ask: () => Promise<unknown>): Promise<Loose[]> => {
    const mark = upstream.journal.events().length;
    await ask();
    const called = upstream.journal
      .events()
      .slice(mark)
      .find((e) => e.method === 'tools/call') as Loose;
    return [JSON.parse(called.bytes).params._meta ?? {}, called.headers];
  };
  /** Clients of either era have their own way to add to `_meta`. */
  const request = (client: HttpClient, name: string, _meta: Loose, headers: Loose = {}) => {
    const options = { headers, meta: _meta };
    return client.request('tools/call', { name, arguments: { message: 'x' }, _meta }, options);
  };
  const pairs = (): (readonly [Upstream, string])[] => [
    [world.upstream, 'kit-echo'],
    [young, 'young-echo'],
  ];

  it('goes on from _meta in the message and in the head, whatever the eras', async () => {
    for (const client of await clients())
      for (const [upstream, name] of pairs()) {
        const _meta = { traceparent: PARENT, tracestate: 'v=1', baggage: 'tenant=a,secret=b' };
        const [meta, head] = await got(upstream, () => request(client, name, _meta));
        for (const said of [meta, head])
          expect(said).toMatchObject({
            traceparent: expect.stringMatching(OWN),
            tracestate: 'v=1',
            baggage: 'tenant=a',
          });
        expect(head?.traceparent).toBe(meta?.traceparent);
      }
  });

  it('goes on from the head', async () => {
    for (const client of await clients())
      for (const [upstream, name] of pairs()) {
        const said = await got(upstream, () =>
          client.call(name, { message: 'x' }, { headers: { traceparent: PARENT } }),
        );
        for (const one of said) expect(one.traceparent).toMatch(OWN);
      }
  });

  it('is never a reason to refuse, and none where it cannot be read', async () => {
    for (const client of await clients())
      for (const [upstream, name] of pairs()) {
        const said = await got(upstream, async () => {
          const _meta = { traceparent: 'bad', tracestate: 'v=1' };
          const { answer } = await request(client, name, _meta, { traceparent: 'worse' });
          expect(answer?.result.content[0].text).toContain('x');
        });
        for (const one of said) {
          expect(one.traceparent).toBeUndefined();
          expect(one.tracestate).toBeUndefined();
        }
      }
  });
});
