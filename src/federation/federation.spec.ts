import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig } from '../config/load-config.js';
import { SYSTEM_ACTOR } from '../kernel/caller.js';
import type { Gateway } from '../kernel/catalog.js';
import { resolveSecrets } from '../platform/crypto/secrets.js';
import { PlatformModule } from '../platform/platform.module.js';
import { CatalogService } from '../registry/catalog.service.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { FederationModule } from './federation.module.js';
import { HealthService } from './health.service.js';
import { SyncLines } from './sync-lines.service.js';
import { SyncService } from './sync.service.js';
import { Watches } from './watches.service.js';

interface Rpc {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
}

/** An MCP server over Streamable HTTP with one tool list, that can be told to misbehave. */
class FakeUpstream {
  tools: unknown[] = [{ name: 'echo', inputSchema: { type: 'object' } }];
  status = 200;
  readonly seen: string[] = [];
  readonly answers: Rpc[] = [];
  sessions = 0;
  private readonly server: Server;
  /** What its stream is refused with, one after the other. */
  streamRefusals: number[] = [];
  refusesDiscover: number | null = null;
  private stream: ServerResponse | null = null;
  private forgotten = 0;

  constructor() {
    this.server = createServer((req, res) => {
      void this.serve(req, res);
    });
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((ok) => this.server.listen(port, '127.0.0.1', ok));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/mcp`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((ok) => {
      this.server.close(() => {
        ok();
      });
    });
  }

  forgetSessions(): void {
    this.forgotten = this.sessions;
  }

  say(message: object): void {
    this.stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  }

  get listens(): boolean {
    return this.stream !== null;
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const session = Number(req.headers['mcp-session-id'] ?? 0);
    if (this.status !== 200) return void res.writeHead(this.status).end();
    if (session > 0 && session <= this.forgotten) return void res.writeHead(404).end();
    if (req.method === 'GET') {
      const refusal = this.streamRefusals.shift();
      if (refusal !== undefined) return void res.writeHead(refusal, { 'retry-after': '1' }).end();
      this.stream = res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      return;
    }
    if (req.method !== 'POST') return void res.writeHead(200).end();
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Rpc;
    if (message.method === undefined) this.answers.push(message);
    else this.seen.push(message.method);
    if (message.id === undefined || message.method === undefined)
      return void res.writeHead(202).end();
    if (message.method === 'server/discover' && this.refusesDiscover !== null) {
      const error = { code: this.refusesDiscover, message: 'no' };
      res.writeHead(400, { 'content-type': 'application/json' });
      return void res.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
    }
    const result = JSON.stringify(this.result(message));
    const headers = { 'content-type': 'application/json', 'mcp-session-id': String(this.sessions) };
    res
      .writeHead(200, headers)
      .end(`{"jsonrpc":"2.0","id":${String(message.id)},${result.slice(1)}`);
  }

  private result({ method }: Rpc): object {
    if (method === 'initialize') {
      this.sessions++;
      return {
        result: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: 'fake', version: '1' },
        },
      };
    }
    if (method === 'tools/list') return { result: { tools: this.tools } };
    return method === 'ping'
      ? { result: {} }
      : { error: { code: -32601, message: 'Method not found' } };
  }
}

/** Waits for an event that nothing announces, looking every few ms. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((ok) => setTimeout(ok, 5));
}

describe('federation', () => {
  let folder: string;
  let app: INestApplicationContext;
  let upstream: FakeUpstream;

  const start = async (env: Record<string, string> = {}): Promise<void> => {
    const log = pino({ level: 'silent' });
    const config = resolveSecrets(
      loadConfig(
        {
          DATABASE_URL: `sqlite:///${join(folder, 'x.db')}`,
          MCPGATEWAY_SECRETS_FILE: join(folder, 'secrets.json'),
          JWT_SECRET_KEY: 'k'.repeat(40),
          HEALTH_CHECK_INTERVAL: '1',
          BASIC_AUTH_PASSWORD: 'a password of its own',
          UNHEALTHY_THRESHOLD: '2',
          ...env,
        },
        { cwd: folder },
      ),
      log,
    );
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        PlatformModule.forRoot(config, log),
        FederationModule,
      ],
    }).compile();
    app = await module.init();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'federation-'));
    upstream = await new FakeUpstream().start();
    await start();
  });

  afterEach(async () => {
    await app.close();
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });

  const sync = (): SyncService => app.get(SyncService);
  const gateways = (): GatewaysService => app.get(GatewaysService);
  const toolNames = (): string[] =>
    [...app.get(CatalogService).snapshot.tools.values()].map((row) => row.item.name);
  const register = (more: object = {}): Promise<Gateway> =>
    sync().register({ name: 'fake', url: upstream.url, ...more }, SYSTEM_ACTOR);
  const statusOf = async (id: string): Promise<string> => (await gateways().get(id)).status;

  it('connects, reads and stores, and keeps the session it used', async () => {
    const gateway = await register();
    expect(gateway).toMatchObject({
      transport: 'STREAMABLEHTTP',
      status: 'healthy',
      reachable: true,
      serverInfo: { name: 'fake', version: '1' },
      protocolVersion: '2025-11-25',
    });
    expect(toolNames()).toEqual(['fake-echo']);
    expect(upstream.sessions).toBe(1);
    expect(await app.get(HealthService).check(gateway.id)).toMatchObject({
      consecutiveFailures: 0,
      error: null,
    });
    expect(upstream.sessions).toBe(1);
  });

  it('stores nothing of an upstream that cannot be reached, and says why', async () => {
    const { url } = upstream;
    await upstream.stop();
    await expect(sync().register({ name: 'gone', url }, SYSTEM_ACTOR)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    upstream = await new FakeUpstream().start();
    upstream.status = 500;
    await expect(register()).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(await gateways().list()).toEqual([]);
  });

  it('stores an unreachable one as pending when asked, and fills it once it is there', async () => {
    const port = Number(new URL(upstream.url).port);
    const { url } = upstream;
    await upstream.stop();
    const gateway = await sync().register({ name: 'fake', url }, SYSTEM_ACTOR, {
      allowOffline: true,
    });
    expect(gateway.status).toBe('pending');
    upstream = await new FakeUpstream().start(port);
    await until(() => toolNames().length === 1);
    expect(await statusOf(gateway.id)).toBe('healthy');
  });

  it('says what a refresh changed, and shares runs', async () => {
    const gateway = await register();
    upstream.tools = [
      { name: 'other', inputSchema: { type: 'object' } },
      { name: 'x'.repeat(200) },
      7,
    ];
    const before = upstream.seen.filter((method) => method === 'tools/list').length;
    const results = await Promise.all(
      Array.from({ length: 20 }, () => sync().refresh(gateway.id, SYSTEM_ACTOR)),
    );
    expect(results[0]).toMatchObject({
      success: true,
      error: null,
      toolsAdded: 1,
      toolsRemoved: 1,
      skippedItems: [{ kind: 'tool' }, { kind: 'tool', reason: 'not an object' }],
    });
    expect(upstream.seen.filter((method) => method === 'tools/list').length - before).toBe(2);
    expect(toolNames()).toEqual(['fake-other']);
  });

  it('answers a refresh of an unreachable upstream with the reason', async () => {
    const gateway = await register();
    await upstream.stop();
    const result = await sync().refresh(gateway.id, SYSTEM_ACTOR);
    expect(result).toMatchObject({ success: false, toolsRemoved: 0 });
    expect(result.error).toMatch(/Unable to connect|Connection to the upstream broke/);
    expect(toolNames()).toEqual(['fake-echo']);
    upstream = await new FakeUpstream().start();
  });

  it('reads again at a notice, not once per notice', async () => {
    await register();
    await until(() => upstream.listens);
    const before = upstream.seen.length;
    upstream.tools = [{ name: 'new', inputSchema: { type: 'object' } }];
    for (let i = 0; i < 100; i++) upstream.say({ method: 'notifications/tools/list_changed' });
    await until(() => toolNames().includes('fake-new'));
    expect(upstream.seen.length - before).toBeLessThanOrEqual(2);
  });

  it('does not initialise who refuses the question for its era as only modern upstreams do', async () => {
    upstream.refusesDiscover = -32021;
    await expect(register()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('-32021') as string,
    });
    expect(upstream.seen).not.toContain('initialize');
  });

  it('hears notices though the upstream has refused its stream at first', async () => {
    upstream.streamRefusals = [409];
    await register();
    await until(() => upstream.listens);
    upstream.tools = [{ name: 'new', inputSchema: { type: 'object' } }];
    upstream.say({ method: 'notifications/tools/list_changed' });
    await until(() => toolNames().includes('fake-new'));
  });

  it('opens a new session when the upstream has forgotten the old one', async () => {
    const gateway = await register();
    upstream.forgetSessions();
    await expect(app.get(Watches).watch(gateway.id, 'test://one', true)).rejects.toMatchObject({
      code: -32601,
    });
    expect(upstream.sessions).toBe(2);
  });

  it('has no roots, and marks an upstream that asks', async () => {
    const gateway = await register();
    await until(() => upstream.listens);
    upstream.say({ id: 1, method: 'roots/list' });
    upstream.say({ id: 2, method: 'sampling/createMessage', params: {} });
    await until(() => upstream.answers.length === 2);
    expect(upstream.answers).toContainEqual({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
    expect(upstream.answers).toContainEqual(
      expect.objectContaining({ id: 2, error: expect.objectContaining({ code: -32601 }) }),
    );
    await until(async () => (await gateways().get(gateway.id)).asksClient);
  });

  it('passes on that a resource changed', async () => {
    const gateway = await register();
    await until(() => upstream.listens);
    const heard = new Promise<unknown[]>((ok) =>
      app.get(Watches).onResourceUpdated((...args) => {
        ok(args);
      }),
    );
    upstream.say({ method: 'notifications/resources/updated', params: { uri: 'a:b', title: 'x' } });
    expect(await heard).toEqual([gateway.id, 'a:b', '"title":"x"']);
  });

  it('degrades, gives up and comes back with the upstream', async () => {
    const port = Number(new URL(upstream.url).port);
    const gateway = await register();
    await upstream.stop();
    await app.get(HealthService).check(gateway.id);
    expect(await gateways().get(gateway.id)).toMatchObject({ status: 'degraded', reachable: true });
    await until(async () => (await statusOf(gateway.id)) === 'unhealthy');
    expect(await gateways().get(gateway.id)).toMatchObject({ reachable: false });
    upstream = await new FakeUpstream().start(port);
    upstream.tools = [{ name: 'reborn', inputSchema: { type: 'object' } }];
    await until(() => toolNames().includes('fake-reborn'));
    expect(await statusOf(gateway.id)).toBe('healthy');
  });

  it('counts an upstream that wants a credential as up', async () => {
    const gateway = await register();
    upstream.status = 401;
    expect(await app.get(HealthService).check(gateway.id)).toMatchObject({
      consecutiveFailures: 0,
    });
    expect(await gateways().get(gateway.id)).toMatchObject({
      status: 'healthy',
      statusMessage: 'The upstream asks for another credential',
    });
  });

  it('follows disabling, enabling, a new address and deletion', async () => {
    const gateway = await register();
    await gateways().setEnabled(gateway.id, false, SYSTEM_ACTOR);
    expect(app.get(SyncLines).get(gateway.id)).toBeUndefined();
    expect(await sync().refresh(gateway.id, SYSTEM_ACTOR)).toMatchObject({ success: false });
    await gateways().setEnabled(gateway.id, true, SYSTEM_ACTOR);
    await until(() => upstream.sessions === 2);
    const other = await new FakeUpstream().start();
    other.tools = [{ name: 'moved', inputSchema: { type: 'object' } }];
    await gateways().update(gateway.id, { url: other.url }, SYSTEM_ACTOR);
    await until(() => toolNames().includes('fake-moved'));
    await gateways().delete(gateway.id);
    expect(app.get(SyncLines).all()).toEqual([]);
    await other.stop();
  });

  it('opens the sessions of what is stored at the next start, with what changed meanwhile', async () => {
    await register();
    await app.close();
    upstream.tools = [{ name: 'later', inputSchema: { type: 'object' } }];
    await start();
    expect(toolNames()).toEqual(['fake-echo']);
    await until(() => toolNames().includes('fake-later'));
  });

  it('reads again when the last read is too long ago', async () => {
    const gateway = await register();
    upstream.tools = [{ name: 'periodic', inputSchema: { type: 'object' } }];
    sync().refreshDue(performance.now() + 299_000);
    sync().refreshDue(performance.now() + 301_000);
    await until(() => toolNames().includes('fake-periodic'));
    expect((await gateways().get(gateway.id)).version).toBe(1);
  });
});
