/** The smallest honest upstream: sessions, one echoing tool, as many listed tools as `TOOLS` says. */
import http from 'node:http';
import { randomUUID } from 'node:crypto';

const inputSchema = {
  type: 'object',
  properties: { payload: { type: 'string', maxLength: 1024 }, n: { type: 'integer' } },
  required: ['payload'],
  additionalProperties: false,
};
const tools = Array.from({ length: Number(process.env.TOOLS ?? 1) }, (_, i) => ({
  name: i === 0 ? 'echo' : `tool_${i}`,
  description: `Answers with the payload it was given (${i}).`,
  inputSchema,
}));

const results = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'bench', version: '1' },
  }),
  'tools/list': () => ({ tools }),
  'tools/call': (params) => ({ content: [{ type: 'text', text: params.arguments.payload }] }),
  ping: () => ({}),
};

const server = http.createServer((req, res) => {
  if (req.method === 'GET') return res.writeHead(405).end();
  if (req.method === 'DELETE') return res.writeHead(200).end();
  let text = '';
  req.setEncoding('utf8');
  req.on('data', (part) => (text += part));
  req.on('end', () => {
    const { id, method, params } = JSON.parse(text);
    if (id === undefined) return res.writeHead(202).end();
    const result = results[method]?.(params ?? {});
    const error = result ? undefined : { code: -32601, message: 'Method not found' };
    const body = JSON.stringify({ jsonrpc: '2.0', id, result, error });
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(method === 'initialize' ? { 'mcp-session-id': randomUUID() } : {}),
    };
    res.writeHead(200, headers);
    res.end(body);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`READY http://127.0.0.1:${server.address().port}/mcp`);
});
