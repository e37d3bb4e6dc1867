#!/usr/bin/env node
/**
 * An upstream over stdio that speaks 2026-07-28 only, by the official SDK. Each process writes a line
 * with its pid into the file that it is given.
 */
import { appendFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod/v4';

const [, , journal] = process.argv;
if (journal) appendFileSync(journal, `${process.pid}\n`);

function build() {
  const server = new McpServer(
    { name: 'modern-stdio', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true } } },
  );
  const text = (t) => ({ content: [{ type: 'text', text: t }] });
  server.registerTool('echo', { inputSchema: z.object({ message: z.string() }) }, (args) =>
    text(args.message),
  );
  server.registerTool('progress', { inputSchema: z.object({}) }, async (_args, ctx) => {
    const { progressToken } = ctx.mcpReq._meta ?? {};
    for (const progress of [1, 2])
      await ctx.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 2 },
      });
    return text('done');
  });
  server.registerTool('wait', { inputSchema: z.object({}) }, async (_args, ctx) => {
    await new Promise((resolve) => ctx.mcpReq.signal.addEventListener('abort', resolve));
    if (journal) appendFileSync(journal, 'cancelled\n');
    return text('cancelled');
  });
  server.registerResource('note', 'note://one', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'a note' }],
  }));
  server.registerTool('touch', { inputSchema: z.object({}) }, async () => {
    await server.server.sendResourceUpdated({ uri: 'note://one' });
    return text('touched');
  });
  server.registerTool('grow', { inputSchema: z.object({}) }, () => {
    server.registerTool('grown', { inputSchema: z.object({}) }, () => text('grown'));
    return text('more');
  });
  return server;
}

serveStdio(build, { legacy: 'reject' });
