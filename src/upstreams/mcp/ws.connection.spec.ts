import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import { loadConfig } from '../../config/load-config.js';
import { Abort } from '../../kernel/abort.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { createLogger } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import type { OpenOptions, UpstreamConnection } from './connection.js';
import { probeRequest } from './probe-request.js';
import { WsConnections } from './ws.connection.js';

interface Heard {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly error?: unknown;
}

/** A WebSocket MCP server that tests steer. */
class Upstream {
  readonly heard: Heard[] = [];
  readonly requests: IncomingMessage[] = [];
  socket: WebSocket | null = null;
  status = 101;
  selects: string | false = 'mcp';
  answersPings = true;
  private waiting: (() => void)[] = [];
  readonly server = createServer((_request, response) => response.writeHead(404).end());
  private readonly sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => this.selects,
    autoPong: false,
  });

  constructor() {
    this.server.on('upgrade', (request, socket, head) => {
      this.requests.push(request);
      if (this.status === 101)
        this.sockets.handleUpgrade(request, socket, head, (ws) => {
          this.open(ws);
        });
      else socket.end(`HTTP/1.1 ${String(this.status)} No\r\nconnection: close\r\n\r\n`);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/ws`;
  }

  say(message: object): void {
    this.socket?.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** Waits until so many messages passed; answers the last of them. */
  async got(passes: (message: Heard) => boolean, count = 1): Promise<Heard> {
    for (;;) {
      const found = this.heard.filter(passes);
      if (found.length >= count) return found[count - 1] as Heard;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private open(ws: WebSocket): void {
    this.socket = ws;
    ws.on('ping', () => {
      if (this.answersPings) ws.pong();
    });
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Heard;
      this.heard.push(message);
      if (message.method === 'initialize')
        this.say({ id: message.id, result: { protocolVersion: '2025-06-18', capabilities: {} } });
      for (const go of this.waiting.splice(0)) go();
    });
  }
}

const named = (method: string) => (message: Heard) => message.method === method;

let upstream: Upstream;
let client: SafeClient;
let meters: Meters;
const open: UpstreamConnection[] = [];

const kindOf = (env: Record<string, string> = {}): WsConnections => {
  const config = loadConfig({ LOG_LEVEL: 'error', ...env }, { cwd: '/' });
  const log = createLogger(config, { write: () => undefined });
  client = new SafeClient(config, new EgressPolicy(config), log);
  meters = new Meters(config);
  return new WsConnections(client, config, meters, log);
};

beforeEach(async () => {
  upstream = new Upstream();
  upstream.server.listen(0, '127.0.0.1');
  await once(upstream.server, 'listening');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await client.close();
  meters.onModuleDestroy();
  upstream.socket?.terminate();
  upstream.server.close();
});

async function connect(
  more: Partial<OpenOptions> = {},
  env: Record<string, string> = {},
): Promise<UpstreamConnection> {
  const connection = await kindOf(env).open(
    anOpening({
      gateway: aGateway({ transport: 'WEBSOCKET', url: upstream.url }),
      credential: { headers: { authorization: 'Bearer s' }, query: { key: 'k' } },
      ...more,
    }),
  );
  open.push(connection);
  return connection;
}

const call = (more: object = {}) => ({
  ...probeRequest('tools/call', '"name":"t","arguments":{}', 10_000),
  ...more,
});

describe('WsConnections: opening', () => {
  it('initialises over subprotocol mcp, with the credential, without compression', async () => {
    const connection = await connect();
    await upstream.got(named('notifications/initialized'));
    expect(connection.isOpen).toBe(true);
    expect(connection.greeting.protocolVersion).toBe('2025-06-18');
    const [request] = upstream.requests;
    expect(request?.url).toBe('/ws?key=k');
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer s',
      'sec-websocket-protocol': 'mcp',
    });
    expect(request?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it.each([401, 404, 302])('tells of a handshake answered with %d', async (status) => {
    upstream.status = status;
    await expect(connect()).rejects.toMatchObject({
      code: 'upstream_error',
      extras: { data: { status } },
    });
  });

  it('refuses a server that does not speak mcp', async () => {
    upstream.selects = false;
    await expect(connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('subprotocol') as string,
    });
  });

  it('names a refused connection', async () => {
    const gateway = aGateway({ transport: 'WEBSOCKET', url: 'ws://127.0.0.1:9/ws' });
    await expect(connect({ gateway })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('connection refused') as string,
    });
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:7f00:1]'])(
    'opens no socket to %s where that is not allowed',
    async (host) => {
      const url = upstream.url.replace('127.0.0.1', host);
      const gateway = aGateway({ transport: 'WEBSOCKET', url });
      let heard = 0;
      upstream.server.on('connection', () => heard++);
      await expect(connect({ gateway }, { SSRF_ALLOW_LOCALHOST: 'false' })).rejects.toMatchObject({
        code: 'egress_blocked',
      });
      expect(heard).toBe(0);
    },
  );

  it('never calls what tells credentials to whoever asks', async () => {
    const gateway = aGateway({ transport: 'WEBSOCKET', url: 'ws://169.254.169.254/ws' });
    await expect(
      connect({ gateway }, { SSRF_ALLOWED_NETWORKS: '0.0.0.0/0' }),
    ).rejects.toMatchObject({ code: 'egress_blocked' });
  });
});

const DISCOVERED = {
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  resultType: 'complete',
};

describe('WsConnections: the era', () => {
  const probe = () => {
    const kind = kindOf();
    return kind.probe(
      anOpening({
        gateway: aGateway({ transport: 'WEBSOCKET', url: upstream.url }),
      }),
    );
  };

  it('is modern where the question is understood, without a word of initialize', async () => {
    const verdict = probe();
    const asked = await upstream.got(named('server/discover'));
    upstream.say({ id: asked.id, result: DISCOVERED });
    expect(await verdict).toMatchObject({
      era: 'modern',
      greeting: { protocolVersion: '2026-07-28' },
    });
    expect(upstream.heard.some(named('initialize'))).toBe(false);
  });

  it('is legacy where it is not', async () => {
    const verdict = probe();
    const asked = await upstream.got(named('server/discover'));
    upstream.say({ id: asked.id, error: { code: -32601, message: 'Method not found' } });
    expect(await verdict).toEqual({ era: 'legacy' });
  });

  it('makes calls of a modern upstream stand alone, each with its claim', async () => {
    const greeting = {
      era: 'modern',
      protocolVersion: '2026-07-28',
      capabilities: '{}',
      serverInfo: null,
      instructions: null,
    } as const;
    const connection = await connect({ modern: greeting });
    const answered = connection.request(call());
    const asked = await upstream.got(named('tools/call'));
    expect(asked.params?.['_meta']).toMatchObject({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    });
    upstream.say({ id: asked.id, result: { resultType: 'complete', content: [] } });
    expect(await answered).toBe('{"resultType":"complete","content":[]}');
    expect(upstream.heard.some(named('initialize'))).toBe(false);
  });
});

describe('WsConnections: calls', () => {
  it('matches answers by our id, whatever their order', async () => {
    const connection = await connect();
    const calls = [connection.request(call()), connection.request(call())];
    await upstream.got(named('tools/call'), 2);
    upstream.say({ id: 3, result: { n: 3 } });
    upstream.say({ id: 2, result: { n: 2 } });
    expect(await Promise.all(calls)).toEqual(['{"n":2}', '{"n":3}']);
  });

  it('answers questions that belong to no call, and hands out notices', async () => {
    const onNotification = jest.fn();
    await connect({ onNotification });
    upstream.say({ method: 'notifications/tools/list_changed' });
    upstream.say({ id: 'q', method: 'roots/list' });
    expect((await upstream.got((m) => m.id === 'q')).error).toMatchObject({ code: -32601 });
    expect(onNotification.mock.calls).toEqual([['notifications/tools/list_changed', '']]);
  });

  it('cancels with our id', async () => {
    const connection = await connect();
    const abort = new Abort();
    const request = connection.request(call({ abort }));
    await upstream.got(named('tools/call'));
    abort.abort('enough');
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    const cancelled = await upstream.got(named('notifications/cancelled'));
    expect(cancelled.params).toEqual({ requestId: 2, reason: 'enough' });
  });

  it('says of the calls of a lost socket that their outcome is unknown', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const request = connection.request(call());
    await upstream.got(named('tools/call'));
    upstream.socket?.terminate();
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

  it('ends a call whose answer is too long', async () => {
    const connection = await connect({}, { MAX_TOOL_RESULT_SIZE: '1000' });
    const request = connection.request(call());
    await upstream.got(named('tools/call'));
    upstream.say({ id: 2, result: { text: 'x'.repeat(2000) } });
    await expect(request).rejects.toMatchObject({
      message: 'Upstream sent a message of more than 1000 bytes',
    });
  });

  it('drops binary frames and what is no JSON-RPC', async () => {
    const connection = await connect();
    const request = connection.request(call());
    await upstream.got(named('tools/call'));
    upstream.socket?.send(Buffer.from('{}'));
    upstream.socket?.send('hello');
    upstream.say({ id: 2, result: {} });
    expect(await request).toBe('{}');
  });

  it('ends a socket on which no ping is answered', async () => {
    upstream.answersPings = false;
    const closed = new Promise<string>((resolve) => {
      void connect({ onClosed: resolve }, { WEBSOCKET_PING_INTERVAL: '1' });
    });
    expect(await closed).toContain('pings');
  });

  it('closes on close, without telling of a loss', async () => {
    const onClosed = jest.fn();
    const connection = await connect({ onClosed });
    const closed = once(upstream.socket as WebSocket, 'close');
    await connection.close();
    expect((await closed)[0]).toBe(1000);
    expect(onClosed).not.toHaveBeenCalled();
  });
});
