import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import { loadConfig } from '../../config/load-config.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { createLogger } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import type { UpstreamObserver } from '../../kernel/upstream.js';
import type { MirroredArguments } from '../../registry/mirrored-arguments.service.js';
import type { UpstreamConnection } from './connection.js';
import { HttpConnections } from './http.connection.js';
import { probeRequest } from './probe-request.js';

const config = loadConfig({ LOG_LEVEL: 'error' }, { cwd: '/' });
const log = createLogger(config, { write: () => undefined });
const client = new SafeClient(config, new EgressPolicy(config), log);
const meters = new Meters(config);
const mirrored = { of: () => [] } as Pick<MirroredArguments, 'of'> as MirroredArguments;

/** An upstream of 2025-11-25 that hangs up before its answer and wants to be asked for it. */
class HangingUp {
  calls = 0;
  opening = 'id: e.0\nretry: 10\ndata: \n\n';
  readonly resumedAfter: (string | undefined)[] = [];
  onResume: (response: ServerResponse) => void = () => undefined;
  readonly server = createServer((request, response) => {
    if (request.method === 'GET') {
      this.resumedAfter.push(request.headers['last-event-id'] as string | undefined);
      this.onResume(response);
    } else if (request.method === 'DELETE') response.writeHead(204).end();
    else void this.post(request, response);
  });

  private async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += String(part);
    const { id, method } = JSON.parse(text) as { id?: number; method: string };
    if (method === 'initialize') {
      const result = { protocolVersion: '2025-11-25', capabilities: {} };
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    } else if (method === 'tools/call') {
      this.calls++;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(this.opening);
    } else response.writeHead(202).end();
  }
}

describe('an upstream that hangs up before its answer', () => {
  let upstream: HangingUp;
  let connection: UpstreamConnection;
  beforeEach(async () => {
    upstream = new HangingUp();
    upstream.server.listen(0, '127.0.0.1');
    await once(upstream.server, 'listening');
    const { port } = upstream.server.address() as AddressInfo;
    connection = await new HttpConnections(client, config, meters, mirrored).open(
      anOpening({
        gateway: aGateway({ url: `http://127.0.0.1:${String(port)}/mcp` }),
      }),
    );
  });
  afterEach(async () => {
    await connection.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  afterAll(async () => {
    await client.close();
    meters.onModuleDestroy();
  });
  const call = () =>
    connection.request(probeRequest('tools/call', '"name":"t","arguments":{}', 10_000));

  it('is asked for the rest after the pause it names, as often as it hangs up', async () => {
    upstream.onResume = (response) => {
      const n = upstream.resumedAfter.length;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (n < 3) response.end(`id: e.${String(n)}\ndata: \n\n`);
      else response.end('id: e.9\ndata: {"jsonrpc":"2.0","id":2,"result":{"n":1}}\n\n');
    };
    expect(await call()).toBe('{"n":1}');
    expect(upstream.resumedAfter).toEqual(['e.0', 'e.1', 'e.2']);
    expect(upstream.calls).toBe(1);
  });

  it('goes on over the same connection after it was left unread for its client', async () => {
    upstream.opening =
      'id: e.0\nretry: 50\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n';
    upstream.onResume = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('id: e.9\ndata: {"jsonrpc":"2.0","id":2,"result":{"n":3}}\n\n');
    };
    const observer: UpstreamObserver = {
      progress: () => undefined,
      notification: () => undefined,
      ask: () => () => undefined,
      end: () => undefined,
      behind: () => true,
    };
    const request = probeRequest('tools/call', '"name":"t","arguments":{}', 5000);
    expect(await connection.request({ ...request, observer })).toBe('{"n":3}');
  });

  it('is polled for as long as the call may last', async () => {
    upstream.onResume = (response) => {
      const n = upstream.resumedAfter.length;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (n < 30) response.end(`id: e.${String(n)}\nretry: 0\ndata: \n\n`);
      else response.end('id: e.99\ndata: {"jsonrpc":"2.0","id":2,"result":{"n":2}}\n\n');
    };
    expect(await call()).toBe('{"n":2}');
    expect(upstream.resumedAfter).toHaveLength(30);
    expect(upstream.calls).toBe(1);
  });

  it.each([404, 405, 500])(
    'is not called again when it answers %d: the call may have run',
    async (status) => {
      upstream.onResume = (response) => response.writeHead(status).end();
      await expect(call()).rejects.toMatchObject({
        code: 'upstream_error',
        message: expect.stringContaining('outcome is unknown') as string,
      });
      expect(upstream.calls).toBe(1);
    },
  );
});
