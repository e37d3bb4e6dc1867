import { restClient } from '../drive/rest.js';
import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { startUpstream, type Upstream } from '../fakes/hostile-upstream/upstream.js';
import { httpLegacy, httpModern, rpcLegacy } from '../matrix/http-peers.js';
import type { Peer } from '../matrix/peer.js';
import { sse, stdio, ws } from '../matrix/pipe-peers.js';

const UPSTREAMS = 20;
const CLIENTS = 200;
const CALLS = 5;
/** Programs of their own are dear: a few of them stand for the rest. */
const WRAPPERS = 6;
const MAX_DELAY_MS = 150;

interface Asked {
  readonly nonce: string;
  readonly upstream: number;
  readonly text: string | undefined;
  readonly error: number | undefined;
}

/** 200 clients of all transports that use the same ids, while one upstream in twenty dies. */
describe('a crowd with equal ids', () => {
  const alice = token();
  const upstreams: Upstream[] = [];
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ env: { MAX_STREAMS_PER_PRINCIPAL: '1000' } });
    upstreams.push(
      ...(await Promise.all(Array.from({ length: UPSTREAMS }, () => startUpstream()))),
    );
    const rest = restClient(gateway.url, alice);
    const made = await Promise.all(
      upstreams.map((upstream, i) =>
        rest('POST', '/gateways', {
          name: `u${String(i)}`,
          url: upstream.urls.http,
          transport: 'STREAMABLEHTTP',
        }),
      ),
    );
    expect(made.map((m) => m.status)).toEqual(upstreams.map(() => 200));
  });
  afterAll(async () => {
    await gateway.dispose();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });

  const open = (i: number): Promise<Peer> | Peer => {
    const { url } = gateway;
    if (i < WRAPPERS) return stdio(`${url}/mcp`, alice, i % 2 === 0 ? 'legacy' : 'modern');
    switch (i % 6) {
      case 0:
        return httpLegacy(`${url}/mcp`, alice);
      case 1:
        return httpModern(`${url}/mcp`, alice);
      case 2:
        return sse(`${url}/sse`, alice);
      case 3:
        return ws(`${url}/ws`, alice, 'legacy');
      case 4:
        return ws(`${url}/ws`, alice, 'modern');
      default:
        return rpcLegacy(`${url}/rpc`, alice);
    }
  };

  const callsOf = async (peer: Peer, client: number): Promise<Asked[]> => {
    const asked: Asked[] = [];
    for (let n = 0; n < CALLS; n++) {
      const upstream = (client * 7 + n * 3) % UPSTREAMS;
      const nonce = `c${String(client)}-${String(n)}`;
      const args = { nonce, message: nonce, ms: (client * 13 + n * 29) % MAX_DELAY_MS };
      const { answer } = await peer.request('tools/call', {
        name: `u${String(upstream)}-echolate`,
        arguments: args,
      });
      const text = answer.result?.content?.[0]?.text as string | undefined;
      asked.push({ nonce, upstream, text, error: answer.error?.code });
    }
    return asked;
  };

  it('gives each its own answer, once, whoever dies meanwhile', async () => {
    const peers = await Promise.all(Array.from({ length: CLIENTS }, async (_, i) => open(i)));
    const running = peers.map((peer, i) => callsOf(peer, i));
    await running[0];
    await upstreams[UPSTREAMS - 1]?.die('kill9');
    const asked = (await Promise.all(running)).flat();
    await Promise.all(peers.map((peer) => peer.close()));

    expect(asked).toHaveLength(CLIENTS * CALLS);
    const lost = asked.filter((a) => a.text !== a.nonce);
    // Whoever asked the dead one got an error, and nobody else did.
    expect(lost.filter((a) => a.upstream !== UPSTREAMS - 1)).toEqual([]);
    expect(lost.filter((a) => a.error === undefined)).toEqual([]);
    const twice = asked.filter(({ nonce, upstream }) => {
      const times = upstreams[upstream]?.journal.times(nonce) ?? 0;
      return times > 1;
    });
    expect(twice).toEqual([]);
  }, 120_000);
});
