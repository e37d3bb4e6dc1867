import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CLAIM } from '../../src/kernel/mcp.js';
import type { RpcMessage } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import { Unread, UnreadSseClient } from '../drive/unread.js';
import { eventually } from '../drive/wait.js';
import { WsClient } from '../drive/ws-client.js';
import { aWorld, type World } from '../drive/world.js';

const MB = 1_000_000;
const MESSAGES = 50;
const ALL = Array.from({ length: MESSAGES }, (_, i) => i + 1);
/** What sockets and queues between the two ends hold, far less than what is said. */
const MAX_BETWEEN = 25;

const said = (world: World, nonce: string) =>
  world.upstream.journal.events().filter((e) => e.event === 'said' && e.nonce === nonce);

/** The upstream has said something, and can say no more. */
const isStuck = (world: World, nonce: string): Promise<unknown> =>
  eventually(
    'the upstream waits',
    async () => {
      const before = said(world, nonce).length;
      await pause(300);
      const after = said(world, nonce);
      return after.length > 0 && after.length === before && after.at(-1)?.isStuck === true;
    },
    20_000,
  );

const numbers = (heard: readonly RpcMessage[]): number[] =>
  heard
    .filter((m) => m.method === 'notifications/message')
    .map((m) => (m.params?.['data'] as { i: number }).i);

const torrent = (nonce: string) => ({
  name: 'kit-torrent',
  arguments: { n: MESSAGES, bytes: MB, nonce },
});

/** A call over Streamable HTTP of whose answer nothing is read yet. */
async function unread(world: World, nonce: string, era: 'legacy' | 'modern'): Promise<Unread> {
  const url = `${world.url}/mcp`;
  const params = torrent(nonce);
  if (era === 'legacy') {
    const client = world.client();
    await client.initialize();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params });
    return new Unread(url, { method: 'POST', headers: client.headers(), body });
  }
  const client = new ModernClient(url, world.token);
  const _meta = {
    [CLAIM.protocolVersion]: '2026-07-28',
    [CLAIM.clientCapabilities]: {},
    [CLAIM.clientInfo]: { name: 'drive', version: '1' },
    [CLAIM.logLevel]: 'info',
  };
  return new Unread(url, {
    method: 'POST',
    headers: client.headers(client.mirrored('tools/call', params)),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'slow',
      method: 'tools/call',
      params: { ...params, _meta },
    }),
  });
}

describe.each(['legacy', 'modern'] as const)(
  'readers that are slower than a %s upstream',
  (era) => {
    let world: World;
    beforeAll(async () => {
      world = await aWorld({
        upstream: { era, only: ['ok', 'torrent'] },
        env: { TOOL_TIMEOUT: '5' },
      });
    });
    afterAll(() => world.end());

    /** Somebody else gets an answer while the upstream of the slow one is stuck. */
    const othersAreServed = async (nonce: string): Promise<void> => {
      const other = world.client();
      await other.initialize();
      const { answer } = await other.call('kit-ok');
      expect(answer?.result?.content[0].text).toBe('ok');
      expect(said(world, nonce).length).toBeLessThan(MAX_BETWEEN);
    };

    it.each(['legacy', 'modern'] as const)(
      'make it wait, alone, and then get all of it in order (%s, Streamable HTTP)',
      async (client) => {
        const nonce = `http-${client}`;
        const slow = await unread(world, nonce, client);
        await isStuck(world, nonce);
        await slow.trickle(10_000, 2);
        await othersAreServed(nonce);
        expect(slow.heard.length).toBeLessThan(2);
        expect(await slow.read()).toBe('whole');
        expect(numbers(slow.heard)).toEqual(ALL);
        expect(slow.heard.at(-1)?.result?.content[0].text).toBe('all said');
      },
      60_000,
    );

    it('make it wait, alone, and then get all of it in order (HTTP+SSE)', async () => {
      const client = new UnreadSseClient(`${world.url}/sse`, world.token);
      await client.initialize();
      await client.stream.pause();
      const answer = client.request('tools/call', torrent('sse'));
      await isStuck(world, 'sse');
      await othersAreServed('sse');
      await client.stream.resume();
      expect((await answer).answer?.result?.content[0].text).toBe('all said');
      expect(numbers(client.heard)).toEqual(ALL);
      await client.close();
    }, 60_000);

    it('make it wait, alone, and then get all of it in order (WebSocket)', async () => {
      const client = new WsClient(`${world.url}/ws`, world.token);
      await client.initialize();
      client.socket?.pause();
      const answer = client.request('tools/call', torrent('ws'));
      await isStuck(world, 'ws');
      await othersAreServed('ws');
      client.socket?.resume();
      expect((await answer).answer?.result?.content[0].text).toBe('all said');
      expect(numbers(client.heard)).toEqual(ALL);
      await client.close();
    }, 60_000);

    it('cancel by leaving, also while it waits', async () => {
      const slow = await unread(world, 'leaves', 'modern');
      await isStuck(world, 'leaves');
      slow.leave();
      await eventually('the upstream is told', () =>
        era === 'legacy'
          ? world.upstream.journal.cancelOf('leaves')
          : world.upstream.journal
              .events()
              .some((e) => e.event === 'closed' && e.tool === 'torrent'),
      );
    }, 60_000);
  },
);

describe('readers that take nothing at all', () => {
  it('are disconnected after STALL_TIMEOUT, and their calls end as of anyone who left', async () => {
    const upstream = { only: ['ok', 'torrent'] };
    const world = await aWorld({ upstream, env: { STALL_TIMEOUT: '0.5' } });
    const slow = await unread(world, 'never', 'modern');
    await eventually(
      'the upstream is told',
      () => world.upstream.journal.cancelOf('never'),
      15_000,
    );
    expect(await slow.read()).toBe('cut');
    await world.end();
  }, 60_000);

  it('are disconnected so where the answer is one large JSON, and not by a pause between calls', async () => {
    const upstream = { only: ['ok', 'blob'] };
    const env = { STALL_TIMEOUT: '0.5', MAX_TOOL_RESULT_SIZE: '40000000' };
    const world = await aWorld({ upstream, env });
    const client = world.client();
    await client.initialize();
    const call = (bytes: number): Unread => {
      const params = { name: 'kit-blob', arguments: { bytes } };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      return new Unread(client.url, { method: 'POST', headers: client.headers(), body });
    };
    const never = call(30_000_000);
    await eventually('it is answered', async () => {
      const { text } = await world.rest('GET', '/metrics/prometheus');
      return /mcpgateway_mcp_requests_total\{[^}]*tools\/call[^}]*success/.test(text);
    });
    await pause(2000);
    expect(await never.read()).toBe('cut');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const portOf = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const params = { name: 'kit-blob', arguments: { bytes: 1_000_000 } };
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
        const asked = request(
          client.url,
          { method: 'POST', agent, headers: client.headers() },
          (answer) => {
            const { localPort } = answer.socket;
            answer.resume().once('end', () => {
              resolve(localPort);
            });
          },
        );
        asked.once('error', reject).end(body);
      });
    const before = await portOf();
    await pause(1000);
    expect(before).toBeDefined();
    expect(await portOf()).toBe(before);
    agent.destroy();
    await world.end();
  }, 60_000);
});
