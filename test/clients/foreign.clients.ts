import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startChild } from '../drive/child.cjs';
import { ROOT } from '../drive/gateway-process.cjs';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const run = promisify(execFile);
const program = (path: string): string => join(ROOT, 'node_modules', path);
const START_MS = 60_000;

/** Programs of others, as people use them: each lists and calls through the gateway. */
describe('foreign clients', () => {
  let world: World;
  let home: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'progress'] } });
    home = mkdtempSync(join(tmpdir(), 'clients-'));
    env = { PATH: process.env['PATH'] ?? '', HOME: home, NO_COLOR: '1' };
  }, START_MS);
  afterAll(async () => {
    await world.end();
    rmSync(home, { recursive: true, force: true });
  });

  const listAndCall = async (client: Client): Promise<void> => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['kit-echo', 'kit-progress']);
    const { content } = await client.callTool({ name: 'kit-echo', arguments: { message: 'hä' } });
    expect(content).toMatchObject([{ type: 'text', text: 'hä' }]);
  };
  const aClient = (): Client => new Client({ name: 'clients', version: '1' });

  it.each(['/mcp', '/sse'])('the command line of MCP Inspector, at %s', async (path) => {
    const inspect = async (...args: string[]): Promise<string> => {
      const launcher = program('@modelcontextprotocol/inspector/clients/launcher/build/index.js');
      const transport = path === '/sse' ? 'sse' : 'http';
      const all = [launcher, '--cli', world.url + path, '--transport', transport];
      const header = ['--header', `Authorization: Bearer ${world.token}`];
      const { stdout } = await run(process.execPath, [...all, ...args, ...header], { env });
      return stdout;
    };
    const { tools } = JSON.parse(await inspect('--method', 'tools/list')) as {
      tools: { name: string }[];
    };
    expect(tools.map(({ name }) => name).sort()).toEqual(['kit-echo', 'kit-progress']);
    const call = ['--method', 'tools/call', '--tool-name', 'kit-echo', '--tool-arg', 'message=hä'];
    expect(JSON.parse(await inspect(...call))).toMatchObject({ content: [{ text: 'hä' }] });
  });

  it.each(['http-only', 'sse-only'])('mcp-remote, %s', async (strategy) => {
    const path = strategy === 'sse-only' ? '/sse' : '/mcp';
    const header = ['--header', `Authorization:Bearer ${world.token}`];
    const args = [program('mcp-remote/dist/proxy.js'), world.url + path, ...header];
    const client = aClient();
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [...args, '--allow-http', '--transport', strategy],
        env,
        stderr: 'ignore',
      }),
    );
    await listAndCall(client);
    await client.close();
  });

  it('mcp-proxy, before the wrapper', async () => {
    const wrapper = [process.execPath, join(ROOT, 'dist/cli/wrapper.js'), '--url', world.url];
    const port = String(await freePort());
    const proxy = await startChild(
      process.execPath,
      [
        program('mcp-proxy/dist/bin/mcp-proxy.mjs'),
        '--host',
        '127.0.0.1',
        '--port',
        port,
        '--',
        ...wrapper,
      ],
      {
        env: { ...env, MCPGATEWAY_TOKEN: world.token },
        cwd: home,
        timeoutMs: START_MS,
        ready: (line: string) => (/server on/i.test(line) ? line : undefined),
      },
    );
    try {
      // Its line comes before it listens.
      await eventually('the proxy', () => answers(`http://127.0.0.1:${port}/ping`), START_MS);
      const client = aClient();
      const url = new URL(`http://127.0.0.1:${port}/mcp`);
      await client.connect(new StreamableHTTPClientTransport(url));
      await listAndCall(client);
      await client.close();
    } finally {
      await proxy.stop();
    }
  });
});

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** For a program that has to be told its port and does not tell which one it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
