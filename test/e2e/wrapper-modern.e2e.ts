import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startFixture, type Fixture } from '../drive/conformance-fixture.js';
import { ROOT, startGateway } from '../drive/gateway-process.cjs';
import { StdioClient } from '../drive/stdio-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, worldOf } from '../drive/world.js';

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

type Mode = { readonly mode: 'auto' | { readonly pin: string } };

/** The client of SDK 2, as an editor would start the wrapper. */
async function connected(url: string, mode: Mode, heard: string[] = []): Promise<Client> {
  const client = new Client({ name: 'editor', version: '1' }, { versionNegotiation: mode });
  client.setNotificationHandler('notifications/tools/list_changed', ({ method }) => {
    heard.push(method);
  });
  clients.push(client);
  const args = [join(ROOT, 'dist/cli/wrapper.js'), '--url', url];
  await client.connect(new StdioClientTransport({ command: process.execPath, args }));
  return client;
}

describe.each(['both', 'modern', 'legacy'] as const)('the wrapper before a server of %s', (era) => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture(era);
  });
  afterAll(() => fixture.stop());

  it('lets the client of SDK 2 find the era, list and call', async () => {
    const client = await connected(fixture.url, { mode: 'auto' });
    const expected = era === 'legacy' ? '2025-11-25' : '2026-07-28';
    expect(client.getNegotiatedProtocolVersion()).toBe(expected);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('test_x_mcp_header');
    const called = { name: 'test_x_mcp_header', arguments: { region: 'größe' } };
    expect((await client.callTool(called)).content).toMatchObject([{ text: 'region größe' }]);
  });
});

describe('the wrapper in the modern era', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture('modern');
  });
  afterEach(() => fixture.stop('SIGKILL'));
  const MODERN = { mode: { pin: '2026-07-28' } } as const;

  it('mirrors arguments of a tool that the client never listed', async () => {
    const client = await connected(fixture.url, MODERN);
    const called = { name: 'test_x_mcp_header', arguments: { region: 'eu' } };
    expect((await client.callTool(called)).content).toMatchObject([{ text: 'region eu' }]);
  });

  it('keeps a subscription over a restart of the far end, and calls go on', async () => {
    const heard: string[] = [];
    const client = await connected(fixture.url, MODERN, heard);
    const subscription = await client.listen({ toolsListChanged: true });
    let isClosed = false;
    void subscription.closed.then(() => (isClosed = true));
    const change = () => client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
    await change();
    await eventually('the notice', () => heard.length === 1);
    await fixture.stop('SIGKILL');
    fixture = await startFixture('modern', fixture.port);
    await eventually('the notice of the gap', () => heard.length === 2, 10_000);
    await change();
    await eventually('the next notice', () => heard.length === 3);
    expect(isClosed).toBe(false);
    await subscription.close();
  });
});

describe('the wrapper and tasks of the modern era', () => {
  const TASKS = 'io.modelcontextprotocol/tasks';
  const TAG = 'io.modelcontextprotocol/subscriptionId';
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } },
  };

  it('tells what becomes of them, over a restart of the gateway too', async () => {
    let world = await aWorld({ upstream: { era: 'modern', tasks: true, only: ['ok'] } });
    const { gateway, upstream } = world;
    const client = new StdioClient(['--url', world.url], { MCPGATEWAY_TOKEN: world.token });
    try {
      const begin = async (name: string, args: object) => {
        const params = { name: `kit-${name}`, arguments: args, _meta };
        return (await client.request('tools/call', params)).result?.taskId as string;
      };
      const told = (taskId: string) =>
        eventually(
          'the notice',
          () => client.notices('notifications/tasks').find((m) => m.params?.taskId === taskId),
          20_000,
        );
      const [soon, meanwhile] = [
        await begin('task-echo', { message: 'soon', ms: 1500 }),
        await begin('task-echo', { message: 'meanwhile', ms: 3000, nonce: 'meanwhile' }),
      ];
      const notifications = { taskIds: [soon, meanwhile] };
      const id = client.ask('subscriptions/listen', { notifications, _meta });
      const state = (text: string) => ({
        status: 'completed',
        result: { content: [{ type: 'text', text }] },
        _meta: { [TAG]: id },
      });
      expect((await told(soon)).params).toMatchObject(state('soon'));
      await gateway.stop('SIGKILL');
      // It ends while nobody can tell.
      await eventually('the end of the task', () =>
        upstream.journal
          .events()
          .some((e) => e.event === 'task.completed' && e.nonce === 'meanwhile'),
      );
      const env = { PORT: String(gateway.port) };
      world = worldOf(await startGateway({ dir: gateway.dir, env }), upstream);
      expect((await told(meanwhile)).params).toMatchObject(state('meanwhile'));
      expect(await client.end()).toBe(0);
    } finally {
      client.kill();
      await world.end();
    }
  }, 60_000);
});
