import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { Bridge } from './bridge.js';
import { WrapperLog } from './wrapper-log.js';

interface Posted {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { id?: unknown; method?: string };
}

type Behaviour = (posted: Posted, res: ServerResponse) => void;

let server: Server;
let seen: Posted[];
let behave: Behaviour;
let stdin: PassThrough;
let lines: string[];
let heard: PassThrough;
let ended: Promise<number>;

beforeEach(async () => {
  seen = [];
  lines = [];
  heard = new PassThrough();
  server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const body = text === '' ? {} : (JSON.parse(text) as Posted['body']);
      const posted = { method: req.method ?? '', headers: req.headers, body };
      seen.push(posted);
      if (req.method === 'DELETE') res.writeHead(204).end();
      else if (body.method === 'initialize')
        json(res, { id: body.id, result: { protocolVersion: '2025-06-18', capabilities: {} } });
      else behave(posted, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stdin = new PassThrough();
  const stdout = new PassThrough();
  stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''));
    heard.emit('line');
  });
  const { port } = server.address() as AddressInfo;
  const bridge = new Bridge(
    {
      url: new URL(`http://127.0.0.1:${String(port)}/mcp`),
      headers: ['authorization', 'Bearer t'],
      timeoutMs: 5000,
      concurrency: 2,
      logLevel: 'off',
      logFile: null,
      warnings: [],
    },
    { stdin, stdout },
    new WrapperLog('off', () => undefined),
  );
  ended = bridge.run();
});
afterEach(async () => {
  stdin.end();
  await ended;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function json(res: ServerResponse, message: object): void {
  res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's1' });
  res.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
}

const send = (message: object): void => {
  stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
};

async function line(matching: RegExp): Promise<string> {
  for (;;) {
    const found = lines.find((one) => matching.test(one));
    if (found !== undefined) return found;
    await once(heard, 'line');
  }
}

async function initialized(): Promise<void> {
  send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
  await line(/"id":0/);
}

const ok = (id: number): string => `{"jsonrpc":"2.0","id":${String(id)},"result":{}}`;

describe('the bridge', () => {
  it('carries credential, session and revision', async () => {
    behave = ({ body }, res) => {
      json(res, { id: body.id, result: {} });
    };
    await initialized();
    send({ id: 1, method: 'tools/list' });
    await line(/"id":1/);
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer t' });
    expect(seen[0]?.headers).not.toHaveProperty('mcp-session-id');
    expect(seen[1]?.headers).toMatchObject({
      'mcp-session-id': 's1',
      'mcp-protocol-version': '2025-06-18',
    });
  });

  it('reads JSON lines, and JSON over several lines as one', async () => {
    behave = ({ body }, res) => {
      if (body.id === 1) {
        res.writeHead(200, { 'content-type': 'application/x-ndjson' });
        res.end(`{"jsonrpc":"2.0","method":"notifications/x"}\n${ok(1)}\n`);
      } else {
        res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
        res.end('{\r\n  "jsonrpc": "2.0",\n  "id": 2,\n  "result": {}\n}');
      }
    };
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/notifications\/x/)).toBeDefined();
    expect(await line(/"id":1/)).toBe(ok(1));
    send({ id: 2, method: 'b' });
    expect(JSON.parse(await line(/"id": 2/))).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
  });

  it('goes on with a stream that broke off, and asks for nothing twice', async () => {
    behave = ({ method, headers }, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      if (method === 'POST') res.end('retry: 1\nid: e1\ndata:\n\n');
      else res.end(`id: e2\ndata: ${headers['last-event-id'] === 'e1' ? ok(1) : 'no'}\n\n`);
    };
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toBe(ok(1));
    expect(seen.map((one) => one.method)).toEqual(['POST', 'POST', 'GET']);
  });

  it('answers with an error what the far end left open, once', async () => {
    behave = (_posted, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end('data: {"jsonrpc":"2.0","id":99,"result":{}}\n\n');
    };
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toContain('outcome is unknown');
    expect(lines.some((one) => one.includes('"id":99'))).toBe(false);
  });

  it('passes a JSON-RPC error under an HTTP error on, with the id of the request', async () => {
    behave = (_posted, res) => {
      res.writeHead(429, { 'content-type': 'application/json' });
      res.end('{"jsonrpc":"2.0","id":null,"error":{"code":42900,"message":"slow down"}}');
    };
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":42900,"message":"slow down"}}',
    );
  });

  it('takes no batches but in the revision that has them', async () => {
    await initialized();
    stdin.write('[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n');
    expect(JSON.parse(await line(/-32600/))).toMatchObject({ id: null });
  });

  it('does not send what was cancelled while it waited', async () => {
    let answer = (): void => undefined;
    behave = ({ body }, res) => {
      if (body.id === 1 || body.id === 2) {
        const before = answer;
        answer = () => {
          before();
          json(res, { id: body.id, result: {} });
        };
      } else json(res, { id: body.id, result: {} });
      if (body.id === 2) {
        send({ id: 3, method: 'c' });
        send({ method: 'notifications/cancelled', params: { requestId: 3 } });
        send({ id: 4, method: 'ping' });
      }
      if (body.id === 4) answer();
    };
    await initialized();
    send({ id: 1, method: 'a' });
    send({ id: 2, method: 'b' });
    await Promise.all([line(/"id":1/), line(/"id":2/), line(/"id":4/)]);
    const ids = seen.map((one) => one.body.id);
    expect(ids).not.toContain(3);
    expect(lines.some((one) => one.includes('"id":3'))).toBe(false);
  });
});
