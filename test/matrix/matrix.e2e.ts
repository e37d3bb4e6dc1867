import { join } from 'node:path';
import { startChild, type StartedChild } from '../drive/child.cjs';
import { ROOT, startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { restClient, type Loose } from '../drive/rest.js';
import { BEHAVIOURS, type Behaviour } from './behaviours.js';
import { httpLegacy, httpModern, rpcLegacy } from './http-peers.js';
import type { Era, Peer } from './peer.js';
import { sse, stdio, ws } from './pipe-peers.js';

const alice = token();

interface Channel {
  readonly name: string;
  readonly era: Era;
  /** What it can carry before an answer. */
  readonly carries: readonly NonNullable<Behaviour['needs']>[];
  /** @param base of the gateway, or of one of its Servers */
  open(base: string): Promise<Peer> | Peer;
}

const ALL = ['notices', 'questions'] as const;
const CHANNELS: readonly Channel[] = [
  { name: 'http L', era: 'legacy', carries: ALL, open: (b) => httpLegacy(`${b}/mcp`, alice) },
  { name: 'http M', era: 'modern', carries: ALL, open: (b) => httpModern(`${b}/mcp`, alice) },
  { name: 'sse L', era: 'legacy', carries: ALL, open: (b) => sse(`${b}/sse`, alice) },
  { name: 'ws L', era: 'legacy', carries: ALL, open: (b) => ws(`${b}/ws`, alice, 'legacy') },
  { name: 'ws M', era: 'modern', carries: ALL, open: (b) => ws(`${b}/ws`, alice, 'modern') },
  { name: 'stdio L', era: 'legacy', carries: ALL, open: (b) => stdio(`${b}/mcp`, alice, 'legacy') },
  { name: 'stdio M', era: 'modern', carries: ALL, open: (b) => stdio(`${b}/mcp`, alice, 'modern') },
];
/** One JSON object per request, and no path of a Server: narrowed by `server_id` instead. */
const RPC: readonly Channel[] = [
  { name: 'rpc L', era: 'legacy', carries: [], open: (b) => rpcLegacy(`${b}/rpc`, alice) },
  {
    name: 'rpc M',
    era: 'modern',
    carries: ['questions'],
    open: (b) => httpModern(`${b}/rpc`, alice),
  },
];

/** Named in docs/protocol.md, *What cannot cross*. */
const CANNOT_CROSS: Readonly<Record<string, string>> = {};

const startFixture = (era: 'both' | Era): Promise<StartedChild<string>> =>
  startChild(process.execPath, [join(ROOT, 'test/conformance/fixture/fixture.mjs')], {
    env: { ...process.env, PORT: '0', ERA: era },
    ready: (line) => /^READY (\S+)/.exec(line)?.[1],
  });

/** A gateway with one upstream, and a Server with all that it has. */
async function aBridge(
  upstream: StartedChild<string>,
): Promise<{ gateway: GatewayProcess; server: string }> {
  const gateway = await startGateway();
  const rest = restClient(gateway.url, alice);
  const made = await rest('POST', '/gateways', {
    name: 'fixture',
    url: upstream.value,
    transport: 'STREAMABLEHTTP',
    nameMode: 'original',
  });
  if (made.status !== 200) throw new Error(made.text);
  const ids = async (kind: string): Promise<string[]> =>
    ((await rest('GET', `/${kind}`)).json() as Loose[]).map((item) => item['id'] as string);
  const server = await rest('POST', '/servers', {
    name: 'all',
    nameMode: 'original',
    associatedTools: await ids('tools'),
    associatedResources: await ids('resources'),
    associatedPrompts: await ids('prompts'),
  });
  return { gateway, server: server.json()['id'] as string };
}

describe('every client, every upstream', () => {
  let direct: StartedChild<string>;
  const oracles: Partial<Record<Era, Peer>> = {};
  /** What each behaviour gives directly, asked once for each era. */
  const known = new Map<string, Promise<unknown>>();

  const expected = (era: Era, behaviour: Behaviour): Promise<unknown> => {
    if (behaviour.wanted !== undefined) return Promise.resolve(behaviour.wanted);
    const key = `${era} ${behaviour.name}`;
    let answer = known.get(key);
    if (answer === undefined) known.set(key, (answer = behaviour.run(oracles[era] as Peer)));
    return answer;
  };

  beforeAll(async () => {
    direct = await startFixture('both');
    oracles.legacy = await httpLegacy(direct.value, null);
    oracles.modern = httpModern(direct.value, null);
  });
  afterAll(async () => {
    await oracles.legacy?.close();
    await direct.stop();
  });

  describe.each<Era>(['legacy', 'modern'])('over a %s upstream', (upstreamEra) => {
    let upstream: StartedChild<string>;
    let bridge: Awaited<ReturnType<typeof aBridge>>;
    beforeAll(async () => {
      upstream = await startFixture(upstreamEra);
      bridge = await aBridge(upstream);
    });
    afterAll(async () => {
      await bridge.gateway.dispose();
      await upstream.stop();
    });

    const cells = (channels: readonly Channel[], base: () => string): void => {
      describe.each(channels)('$name', ({ name, era, carries, open }) => {
        let peer: Peer;
        beforeAll(async () => {
          peer = await open(base());
        });
        afterAll(() => peer.close());

        const possible = BEHAVIOURS.filter(
          ({ needs, name: what }) =>
            (needs === undefined || carries.includes(needs)) &&
            CANNOT_CROSS[`${name} ${upstreamEra} ${what}`] === undefined,
        );
        it.each(possible)('$name', async (behaviour) => {
          const got = await behaviour.run(peer);
          const wanted = await expected(era, behaviour);
          // `/rpc` tells more of each tool (API.md §3.1).
          if (name === 'rpc L' && behaviour.name === 'lists by tools/list')
            expect(got).toMatchObject(wanted as object[]);
          else expect(got).toEqual(wanted);
        });
      });
    };

    describe('through /mcp and its twins', () => {
      cells([...CHANNELS, ...RPC], () => bridge.gateway.url);
    });
    describe('through a Server', () => {
      cells(CHANNELS, () => `${bridge.gateway.url}/servers/${bridge.server}`);
    });
  });
});
