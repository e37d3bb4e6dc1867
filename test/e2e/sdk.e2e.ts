import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
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
});
