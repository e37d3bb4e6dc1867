#!/usr/bin/env node
/**
 * The whole way once, with real software on every side: the reference server `everything` over HTTP
 * and over stdio behind one gateway, called with the official SDK through `/mcp`, a virtual server and
 * `/rpc`. Exit 0 only if every answer is right.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const require = createRequire(import.meta.url);
const { startChild } = require('../test/drive/child.cjs');
const { startGateway, token, ROOT } = require('../test/drive/gateway-process.cjs');
const EVERYTHING = join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const credential = { authorization: `Bearer ${token('demo')}` };
const stops = [];
let steps = 0;
const say = (text) => console.log(`${String(++steps).padStart(2)}. ${text}`);

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function ask(base, method, path, body, wanted = 200) {
  const answer = await fetch(base + path, {
    method,
    headers: { ...credential, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.equal(answer.status, wanted, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

async function startEverything() {
  const port = await freePort();
  const started = await startChild(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    ready: (line) => (/listening|running|port/i.test(line) ? true : undefined),
  });
  stops.push(() => started.stop('SIGKILL'));
  return `http://127.0.0.1:${port}/mcp`;
}

/** `echo` by the official client, on any endpoint of the gateway. */
async function echoWithSdk(url, tool, message) {
  const client = new Client({ name: 'demo', version: '1.0.0' });
  const requestInit = { headers: credential };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  try {
    const { tools } = await client.listTools();
    assert.ok(
      tools.some((t) => t.name === tool),
      `${tool} is not among ${tools.map((t) => t.name).join(', ')}`,
    );
    const result = await client.callTool({ name: tool, arguments: { message } });
    assert.equal(result.content[0].text, `Echo: ${message}`);
    return tools.length;
  } finally {
    await client.close();
  }
}

async function echoOverRpc(base, tool, message) {
  const params = { name: tool, arguments: { message } };
  const call = { jsonrpc: '2.0', id: 'demo-1', method: 'tools/call', params };
  const answer = await ask(base, 'POST', '/rpc', call);
  assert.equal(answer.id, 'demo-1');
  assert.equal(answer.result.content[0].text, `Echo: ${message}`);
}

async function main() {
  assert.ok(existsSync(EVERYTHING), 'install the development dependencies first: npm ci');
  const upstream = await startEverything();
  say(`server-everything speaks Streamable HTTP on ${upstream}`);

  const command = process.execPath;
  const args = [EVERYTHING, 'stdio'];
  const env = {
    STDIO_UPSTREAMS_ENABLED: 'true',
    // An interpreter is only allowed together with what it may run.
    STDIO_ALLOWED_COMMANDS: [command, ...args].join(' '),
  };
  const gateway = await startGateway({ env });
  stops.push(() => gateway.dispose());
  say(`the gateway is ready on ${gateway.url} after ${Math.round(gateway.readyMs)} ms`);

  const web = await ask(gateway.url, 'POST', '/gateways', {
    ...{ name: 'web', url: upstream, transport: 'STREAMABLEHTTP' },
  });
  say(`registered 'web' over HTTP: ${web.status}, ${web.toolCount} tools`);
  const pipe = await ask(gateway.url, 'POST', '/gateways', {
    ...{ name: 'pipe', transport: 'STDIO', command, args },
  });
  say(`registered 'pipe' over stdio: ${pipe.status}, ${pipe.toolCount} tools`);
  assert.equal(web.status, 'healthy');
  assert.equal(pipe.status, 'healthy');

  const server = await ask(
    gateway.url,
    'POST',
    '/servers',
    { name: 'echoes', associatedTools: ['web-echo', 'pipe-echo'] },
    201,
  );
  say(`virtual server '${server.name}' offers ${server.associatedTools.join(' and ')}`);

  for (const tool of ['web-echo', 'pipe-echo']) {
    const all = await echoWithSdk(`${gateway.url}/mcp`, tool, `hello from ${tool}`);
    say(`/mcp: ${tool} answers right (one of ${all} tools)`);
    const url = `${gateway.url}/servers/${server.id}/mcp`;
    const few = await echoWithSdk(url, tool, 'hello from a virtual server');
    assert.equal(few, 2);
    say(`/servers/${server.id}/mcp: ${tool} answers right (one of ${few} tools)`);
    await echoOverRpc(gateway.url, tool, 'hello from /rpc');
    say(`/rpc: ${tool} answers right`);
  }
}

try {
  await main();
  console.log('all answers are right');
} catch (e) {
  console.error(e);
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
}
