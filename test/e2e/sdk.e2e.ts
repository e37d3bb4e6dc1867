import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { WebSocket } from 'ws';
import { aWorld, type World } from '../drive/world.js';

/** The official clients, as people use them. */
describe('official SDK clients', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'progress'] } });
  });
  afterAll(() => world.end());
  const options = () => ({
    requestInit: { headers: { authorization: `Bearer ${world.token}` } },
  });

  it('serves the client of SDK 2', async () => {
    const client = new Client({ name: 'sdk2', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), options()));
    const { tools } = await client.listTools();
    expect(tools.map((t) => t.name).sort()).toEqual(['kit-echo', 'kit-progress']);
    const result = await client.callTool({ name: 'kit-echo', arguments: { message: 'two' } });
    expect(result.content).toMatchObject([{ type: 'text', text: 'two' }]);
    const { resources } = await client.listResources();
    expect(resources.map((r) => r.uri)).toContain('test://one');
    await client.close();
  });

  it('serves the client of SDK 1, with progress', async () => {
    const client = new ClientV1({ name: 'sdk1', version: '1' });
    const transport = new TransportV1(new URL(`${world.url}/mcp`), options());
    await client.connect(transport);
    const steps: number[] = [];
    const call = { name: 'kit-progress', arguments: { n: 3 } };
    const result = await client.callTool(call, undefined, {
      onprogress: ({ progress }) => steps.push(progress),
    });
    expect(result.content).toMatchObject([{ type: 'text', text: 'done' }]);
    expect(steps).toEqual([1, 2, 3]);
    await client.close();
  });

  it('serves the client of SDK 1 over HTTP+SSE', async () => {
    const client = new ClientV1({ name: 'sdk1-sse', version: '1' });
    const headers = { authorization: `Bearer ${world.token}` };
    await client.connect(
      // What is deprecated there is what older clients are.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      new SSEClientTransport(new URL(`${world.url}/sse`), {
        requestInit: { headers },
        eventSourceInit: {
          fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }),
        },
      }),
    );
    expect((await client.listTools()).tools).toHaveLength(2);
    const result = await client.callTool({ name: 'kit-echo', arguments: { message: 'sse' } });
    expect(result.content).toMatchObject([{ type: 'text', text: 'sse' }]);
    await client.close();
  });

  it('serves the client of SDK 1 over WebSocket', async () => {
    // It wants the global of browsers, and sets no header: the token goes beside the subprotocol.
    const before: unknown = globalThis.WebSocket;
    class Authorized extends WebSocket {
      constructor(url: URL, protocol: string) {
        super(url, [protocol, `mcp.bearer.${world.token}`]);
      }
    }
    Object.assign(globalThis, { WebSocket: Authorized });
    const client = new ClientV1({ name: 'sdk1-ws', version: '1' });
    try {
      await client.connect(
        new WebSocketClientTransport(new URL(`${world.url.replace('http', 'ws')}/ws`)),
      );
      expect((await client.listTools()).tools).toHaveLength(2);
      const result = await client.callTool({ name: 'kit-echo', arguments: { message: 'ws' } });
      expect(result.content).toMatchObject([{ type: 'text', text: 'ws' }]);
      await client.close();
    } finally {
      Object.assign(globalThis, { WebSocket: before });
    }
  });
});
