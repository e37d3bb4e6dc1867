#!/usr/bin/env node
/**
 * An MCP server that does on command whatever an upstream can do wrong.
 *   node main.mjs [--transport http|stdio] [--port 0] [--era legacy|modern] [--tools N] [--only a,b]
 *     [--auth 'Header: value'] [--tasks] [--journal FILE]
 * `http` serves Streamable HTTP on /mcp, HTTP+SSE on /sse and WebSocket on /ws. First line: {"ready":true,…} on stdout,
 * for stdio on stderr and in the journal.
 */
import { parseArgs } from 'node:util';
import { startControl } from './control.mjs';
import { startHttp } from './http.mjs';
import { Journal } from './journal.mjs';
import { McpServer } from './server.mjs';
import { sseRoutes } from './sse.mjs';
import { startStdio } from './stdio.mjs';
import { startWs } from './ws.mjs';

const text = { type: 'string' };
const { values } = parseArgs({
  options: {
    transport: text,
    port: text,
    era: text,
    tools: text,
    only: text,
    auth: text,
    journal: text,
    tasks: { type: 'boolean' },
  },
});

function authOf(line) {
  const at = line.indexOf(':');
  return { header: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
}

const journal = new Journal(values.journal);
const server = new McpServer(journal, {
  era: values.era ?? 'legacy',
  tools: Number(values.tools ?? 0),
  only: values.only?.split(','),
  hasTasks: values.tasks === true,
  auth: values.auth === undefined ? null : authOf(values.auth),
});
const control = await startControl(server);
const ready = { ready: true, pid: process.pid, control };

if (values.transport === 'stdio') {
  journal.write({ event: 'ready', control });
  process.stderr.write(`${JSON.stringify(ready)}\n`);
  startStdio(server);
} else {
  const { port, listener } = await startHttp(server, Number(values.port ?? 0), sseRoutes(server));
  startWs(server, listener);
  const base = `http://127.0.0.1:${port}`;
  journal.write({ event: 'ready', control });
  process.stdout.write(
    `${JSON.stringify({ ...ready, port, http: `${base}/mcp`, sse: `${base}/sse`, ws: `${base}/ws` })}\n`,
  );
  process.on('SIGTERM', () => process.exit(0));
  // The one who started us is gone: nobody will come to end us.
  process.stdin.on('end', () => process.exit(0)).resume();
}
