import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { aWorld, type World } from '../drive/world.js';

/** Clients of revision 2026-07-28 in front of a legacy upstream. */
describe('the modern client of the SDK', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'progress'] } });
  });
  afterAll(() => world.end());

  async function connected(mode: 'auto' | { pin: string }): Promise<Client> {
    const client = new Client(
      { name: 'modern', version: '1' },
      { versionNegotiation: { mode }, capabilities: {} },
    );
    const requestInit = { headers: { authorization: `Bearer ${world.token}` } };
    const url = new URL(`${world.url}/mcp`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    return client;
  }

  it.each([['auto' as const], [{ pin: '2026-07-28' }]])('is served, mode %j', async (mode) => {
    const client = await connected(mode);
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    const { tools } = await client.listTools();
    expect(tools.map((t) => t.name).sort()).toEqual(['kit-echo', 'kit-progress']);
    const result = await client.callTool({ name: 'kit-echo', arguments: { message: 'two' } });
    expect(result.content).toMatchObject([{ type: 'text', text: 'two' }]);
    const { resources } = await client.listResources();
    expect(resources.map((r) => r.uri)).toContain('test://one');
    const read = await client.readResource({ uri: 'test://one' });
    expect(read.contents).toMatchObject([{ uri: 'test://one', text: 'content of test://one' }]);
    const prompt = await client.getPrompt({ name: 'kit-greet', arguments: { name: 'Ann' } });
    expect(prompt.messages[0]?.content).toMatchObject({ text: 'Hello Ann' });
    await client.close();
  });

  it('hears progress', async () => {
    const client = await connected({ pin: '2026-07-28' });
    const steps: number[] = [];
    const call = { name: 'kit-progress', arguments: { n: 3 } };
    const result = await client.callTool(call, {
      onprogress: ({ progress }) => steps.push(progress),
    });
    expect(result.content).toMatchObject([{ type: 'text', text: 'done' }]);
    expect(steps).toEqual([1, 2, 3]);
    await client.close();
  });
});
