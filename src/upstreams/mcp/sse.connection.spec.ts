import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import { loadConfig } from '../../config/load-config.js';
import { Abort } from '../../kernel/abort.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { createLogger } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import { type OpenOptions, SessionLostError, type UpstreamConnection } from './connection.js';
import { probeRequest } from './probe-request.js';
import { SseConnections } from './sse.connection.js';

interface Posted {
  readonly id?: number;
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

/** A legacy HTTP+SSE server that tests steer. */
class Upstream {
  readonly posted: Posted[] = [];
  readonly requests: IncomingMessage[] = [];
  stream: ServerResponse | null = null;
  endpoint = '/messages?session=1';
  getStatus = 200;
  contentType = 'text/event-stream';
  postStatus = 202;
  /** The POST of a call is answered when the call is. */
  holdsCalls = false;
  /** It takes POSTs and answers none of them. */
  isDeaf = false;
  revision = '2024-11-05';
  private heard: (() => void)[] = [];
  readonly server = createServer((request, response) => {
    this.requests.push(request);
    if (request.method === 'GET') this.get(response);
    else this.post(request, response);
  });

  get origin(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  event(type: string, data: string): void {
    this.stream?.write(`event: ${type}\ndata: ${data}\n\n`);
  }

  say(message: object): void {
    this.event('message', JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** Waits until so many messages of this method were posted; answers the last of them. */
  async got(method: string, count = 1): Promise<Posted> {
    for (;;) {
      const found = this.posted.filter((message) => message.method === method);
      if (found.length >= count) return found[count - 1] as Posted;
      await new Promise<void>((resolve) => this.heard.push(resolve));
    }
  }

  private get(response: ServerResponse): void {
    this.stream = response;
    response.writeHead(this.getStatus, { 'content-type': this.contentType });
    if (this.getStatus === 200 && this.endpoint !== '') this.event('endpoint', this.endpoint);
    else if (this.getStatus !== 200) response.end();
    else response.flushHeaders();
  }

  private post(request: IncomingMessage, response: ServerResponse): void {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (text += part));
    request.on('end', () => {
      const message = JSON.parse(text) as Posted;
      if (!this.isDeaf && (!this.holdsCalls || message.method !== 'tools/call'))
        response.writeHead(this.postStatus).end();
      if (this.postStatus >= 300) return;
      this.posted.push(message);
      if (message.method === 'initialize')
        this.say({
          id: message.id,
          result: { protocolVersion: this.revision, capabilities: { tools: {} } },
        });
      this.heard.splice(0).forEach((go) => {
        go();
      });
    });
  }
}

let upstream: Upstream;
let client: SafeClient;
let kind: SseConnections;
let meters: Meters;
const open: UpstreamConnection[] = [];

beforeEach(async () => {
  upstream = await new Upstream().listen();
  const env = { SSRF_ALLOW_LOCALHOST: 'true', LOG_LEVEL: 'error', TOOL_TIMEOUT: '0.2' };
  const config = loadConfig(env, { cwd: '/' });
  const log = createLogger(config, { write: () => undefined });
  client = new SafeClient(config, new EgressPolicy(config), log);
  meters = new Meters(config);
  kind = new SseConnections(client, config, meters, log);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await client.close();
  meters.onModuleDestroy();
  upstream.server.closeAllConnections();
  upstream.server.close();
});

function options(more: Partial<OpenOptions> = {}): OpenOptions {
  return anOpening({
    gateway: aGateway({ transport: 'SSE', url: `${upstream.origin}/sse` }),
    credential: { headers: { authorization: 'Bearer s' }, query: { key: 'k' } },
    ...more,
  });
}

async function connect(more: Partial<OpenOptions> = {}): Promise<UpstreamConnection> {
  const connection = await kind.open(options(more));
  open.push(connection);
  return connection;
}

function call(more: object = {}) {
  return { ...probeRequest('tools/call', '"name":"t","arguments":{}', 10_000), ...more };
}

describe('SseConnections: an upstream that answers the POST of a call when it is done', () => {
  it('hears the cancellation past as many calls as it may have', async () => {
    upstream.holdsCalls = true;
    const gateway = aGateway({
      transport: 'SSE',
      url: `${upstream.origin}/sse`,
      maxConcurrency: 1,
    });
    const connection = await connect({ gateway });
    const abort = new Abort();
    const over = connection.request(call({ abort })).catch((e: unknown) => e);
    const { id } = await upstream.got('tools/call');
    abort.abort('no more');
    expect((await upstream.got('notifications/cancelled')).params).toMatchObject({ requestId: id });
    expect(await over).toMatchObject({ code: 'cancelled' });
  });
});

describe('SseConnections: opening', () => {
  it('initialises through the endpoint, with the credential on stream and POSTs', async () => {
    const connection = await connect();
    await upstream.got('notifications/initialized');
    expect(connection.isOpen).toBe(true);
    expect(connection.greeting.protocolVersion).toBe('2024-11-05');
    expect(upstream.requests.map(({ method, url }) => `${String(method)} ${String(url)}`)).toEqual([
      'GET /sse?key=k',
      'POST /messages?session=1&key=k',
      'POST /messages?session=1&key=k',
    ]);
    for (const { headers } of upstream.requests) expect(headers.authorization).toBe('Bearer s');
    expect(upstream.requests[0]?.headers.accept).toBe('text/event-stream');
  });

  it.each(['http://127.0.0.1:1/messages', '//example.org/m', 'http://[', 'file:///etc/passwd'])(
    'refuses the endpoint %s',
    async (endpoint) => {
      upstream.endpoint = endpoint;
      await expect(connect()).rejects.toMatchObject({
        code: 'upstream_error',
        message: expect.stringContaining('endpoint') as string,
      });
      expect(upstream.posted).toEqual([]);
    },
  );

  it('tells the status of an upstream that has no such stream', async () => {
    upstream.getStatus = 405;
    await expect(connect()).rejects.toMatchObject({
      code: 'upstream_error',
      extras: { data: { status: 405 } },
    });
  });

  it('refuses an answer that is no event stream', async () => {
    upstream.contentType = 'text/html';
    await expect(connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'Upstream answered 200 with text/html',
    });
  });

  it('gives up on an upstream that names no endpoint, and lets go of the stream', async () => {
    upstream.endpoint = '';
    await expect(connect({ initTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'upstream_timeout',
    });
    const stream = upstream.stream as ServerResponse;
    if (!stream.closed) await once(stream, 'close');
  });

  it('names a refused connection and an unknown revision', async () => {
    const gateway = aGateway({ transport: 'SSE', url: 'http://127.0.0.1:9/sse' });
    await expect(connect({ gateway })).rejects.toMatchObject({ code: 'upstream_unreachable' });
    upstream.revision = '1999-12-31';
    await expect(connect()).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

describe('SseConnections: calls', () => {
  it('matches answers by our id, whatever their order', async () => {
    const connection = await connect();
    const calls = [connection.request(call()), connection.request(call())];
    await upstream.got('tools/call', 2);
    upstream.say({ id: 77, result: {} });
    upstream.say({ id: 3, result: { n: 3 } });
    upstream.say({ id: 2, result: { n: 2 } });
    expect(await Promise.all(calls)).toEqual(['{"n":2}', '{"n":3}']);
  });

  it('hands out what belongs to no call', async () => {
    const onNotification = jest.fn();
    await connect({ onNotification });
    upstream.say({ method: 'notifications/tools/list_changed' });
    upstream.say({ id: 'x', method: 'ping' });
    await once(upstream.server, 'request');
    expect(onNotification.mock.calls).toEqual([['notifications/tools/list_changed', '']]);
  });

  it('cancels with our id', async () => {
    const connection = await connect();
    const abort = new Abort();
    const request = connection.request(call({ abort }));
    await upstream.got('tools/call');
    abort.abort('enough');
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    expect((await upstream.got('notifications/cancelled')).params).toEqual({
      requestId: 2,
      reason: 'enough',
    });
  });

  it('says of the calls of a lost stream that their outcome is unknown', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const request = connection.request(call());
    await upstream.got('tools/call');
    upstream.stream?.destroy();
    await expect(request).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('outcome is unknown') as string,
    });
    expect(connection.isOpen).toBe(false);
    expect(onClosed).toHaveBeenCalledTimes(1);
    await expect(connection.request(call())).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
  });

  it('ends an upstream that asks and asks, and never takes an answer', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const request = connection.request(call());
    await upstream.got('tools/call');
    upstream.isDeaf = true;
    for (let i = 0; i < 300; i++) upstream.say({ id: `p${String(i)}`, method: 'ping' });
    await expect(request).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'Lost the upstream (it asks and reads no answers), the outcome is unknown',
    });
    expect(connection.isOpen).toBe(false);
    expect(onClosed).toHaveBeenCalledTimes(1);
  });

  it('takes 404 as a lost session and closes the stream', async () => {
    const connection = await connect();
    upstream.postStatus = 404;
    await expect(connection.request(call())).rejects.toBeInstanceOf(SessionLostError);
    const stream = upstream.stream as ServerResponse;
    if (!stream.closed) await once(stream, 'close');
    expect(connection.isOpen).toBe(false);
  });

  it('fails a call whose POST is refused, and only that', async () => {
    const connection = await connect();
    const first = connection.request(call());
    await upstream.got('tools/call');
    upstream.postStatus = 500;
    await expect(connection.request(call())).rejects.toMatchObject({ code: 'upstream_error' });
    upstream.say({ id: 2, result: {} });
    expect(await first).toBe('{}');
  });

  it('is not harmed by text that is no JSON-RPC, but by text that is no UTF-8', async () => {
    const connection = await connect();
    upstream.event('message', 'hello');
    const request = connection.request(call());
    await upstream.got('tools/call');
    upstream.stream?.write(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xff, 0x0a, 0x0a]));
    await expect(request).rejects.toMatchObject({ code: 'upstream_error' });
    expect(connection.isOpen).toBe(false);
  });

  it('closes the stream on close, without telling of a loss', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    await connection.close();
    const stream = upstream.stream as ServerResponse;
    if (!stream.closed) await once(stream, 'close');
    expect(onClosed).not.toHaveBeenCalled();
  });
});
