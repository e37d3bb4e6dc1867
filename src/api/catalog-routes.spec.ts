import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import request from 'supertest';
import { aCaller } from '../../test/builders/caller.js';
import { AuditModule } from '../audit/audit.module.js';
import { AuditMetadataInterceptor } from '../audit/metadata.interceptor.js';
import { AccessGuard } from '../auth/access.guard.js';
import { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig } from '../config/load-config.js';
import { type Caller, SYSTEM_ACTOR } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { PlatformModule } from '../platform/platform.module.js';
import { GatewaysService } from '../registry/gateways.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import { EntityMetrics } from './entity-metrics.service.js';
import { GatewayLookup } from './gateway-lookup.service.js';
import { ProblemFilter } from './problem.filter.js';
import { PromptDoor } from './prompts/prompt-door.service.js';
import { PromptsController } from './prompts/prompts.controller.js';
import { ResourceDoor } from './resources/resource-door.service.js';
import { ResourcesController } from './resources/resources.controller.js';
import { ServerDoor } from './servers/server-door.service.js';
import { ServerItems } from './servers/server-items.service.js';
import { ServersController } from './servers/servers.controller.js';
import { setupControlPlane } from './setup.js';
import { ToolDoor } from './tools/tool-door.service.js';
import { ToolsController } from './tools/tools.controller.js';

/** Stands for the auth guard: the caller is what the test says. */
class FakeAuth implements CanActivate {
  static asks: Caller = aCaller();
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<ControlRequest>().caller = FakeAuth.asks;
    return true;
  }
}

const item = (value: Record<string, unknown>) => ({
  name: String(value['uri'] ?? value['uriTemplate'] ?? value['name']),
  text: JSON.stringify(value),
});

const FOUND = {
  transport: 'STREAMABLEHTTP' as const,
  capabilities: { tools: {} },
  serverInfo: null,
  instructions: null,
  protocolVersion: '2025-11-25',
  era: 'legacy' as const,
  eraAt: '2026-01-01T00:00:00.000Z',
  tools: [
    item({ name: 'echo', description: 'Says it', inputSchema: { type: 'object', x_keep: 1 } }),
    item({ name: 'add', inputSchema: { type: 'object' } }),
  ],
  resources: [item({ uri: 'docs://a', name: 'a', mimeType: 'text/plain' })],
  resourceTemplates: [item({ uriTemplate: 'docs://{id}', name: 't' })],
  prompts: [item({ name: 'greet', arguments: [{ name: 'who', required: true }] })],
  skipped: [],
};

describe('routes of the catalog', () => {
  let app: NestExpressApplication;
  const http = () => request(app.getHttpServer());

  beforeAll(async () => {
    const config = loadConfig({
      DATABASE_URL: 'sqlite::memory:',
      AUTH_ENCRYPTION_SECRET: 'k'.repeat(40),
      JWT_SECRET_KEY: 'j'.repeat(40),
      LOG_LEVEL: 'ERROR',
    });
    const log = pino({ level: 'silent' });
    const testing = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        PlatformModule.forRoot(config, log),
        AuditModule,
        RegistryModule,
      ],
      controllers: [ToolsController, ServersController, ResourcesController, PromptsController],
      providers: [
        EntityMetrics,
        GatewayLookup,
        PromptDoor,
        ResourceDoor,
        ServerDoor,
        ServerItems,
        ToolDoor,
        { provide: APP_GUARD, useClass: FakeAuth },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: AuditMetadataInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
      ],
    }).compile();

    app = testing.createNestApplication<NestExpressApplication>({
      bodyParser: false,
      logger: false,
    });
    setupControlPlane(app, app.get(Config));
    await app.listen(0, '127.0.0.1');
    const gateways = app.get(GatewaysService);
    const draft = await gateways.draft(
      { name: 'time', url: 'http://127.0.0.1:9/mcp' },
      SYSTEM_ACTOR,
    );
    await gateways.create(draft, FOUND, SYSTEM_ACTOR);
  });

  afterAll(() => app.close());
  afterEach(() => {
    FakeAuth.asks = aCaller();
  });

  describe('tools', () => {
    it('are listed by name, whole, with the schema as the upstream sent it', async () => {
      const { body } = await http().get('/tools').expect(200);
      expect(body.map((t: { name: string }) => t.name)).toEqual(['time-add', 'time-echo']);
      expect(body[1]).toMatchObject({
        originalName: 'echo',
        description: 'Says it',
        integrationType: 'MCP',
        gatewaySlug: 'time',
        inputSchema: { type: 'object', x_keep: 1 },
        enabled: true,
        version: 1,
        visibility: 'public',
      });
      expect(body[1]).not.toHaveProperty('definition');
    });

    it('come in pages', async () => {
      const first = await http().get('/tools?limit=1&include_pagination=true').expect(200);
      expect(first.body).toMatchObject({ total: 2, tools: [{ name: 'time-add' }] });
      const cursor = encodeURIComponent(first.body.nextCursor as string);
      const next = await http().get(`/tools?limit=1&fields=name&cursor=${cursor}`).expect(200);
      expect(next.body).toEqual([{ id: expect.any(String), name: 'time-echo' }]);
      const other = await http().get(`/tools?limit=1&q=echo&cursor=${cursor}`).expect(400);
      expect(other.body.code).toBe('invalid_cursor');
    });

    it('take the words of their owner, under a version', async () => {
      const { body } = await http()
        .put('/tools/time-echo')
        .set('If-Match', '"v1"')
        .send({ description: 'Mine', tags: ['B b', 'aa'], rate_limit: 5 })
        .expect(200)
        .expect('ETag', '"v2"');
      expect(body).toMatchObject({
        description: 'Mine',
        originalDescription: 'Says it',
        tags: ['aa', 'b-b'],
        maxCallsPerMinute: 5,
        modifiedBy: 'alice',
      });
      const stale = await http()
        .put('/tools/time-echo')
        .set('If-Match', '"v1"')
        .send({ description: 'Late' })
        .expect(412);
      expect(stale.body.current).toEqual({ version: 2, etag: '"v2"' });
      await http().patch('/tools/time-echo').send({ description: null }).expect(200);
    });

    it('refuse what is their upstream’s, and ignore what is ours', async () => {
      const { body } = await http()
        .put('/tools/time-echo')
        .send({ inputSchema: {}, url: 'http://x' })
        .expect(422);
      expect(body.errors).toHaveLength(2);
      await http().put('/tools/time-echo').send({ id: 'x', createdBy: 'eve' }).expect(200);
      const { body: after } = await http().get('/tools/time-echo');
      expect(after.createdBy).not.toBe('eve');
    });

    it('are switched, both spellings in the answer', async () => {
      const { body } = await http().post('/tools/time-add/toggle?activate=false').expect(200);
      expect(body).toMatchObject({
        status: 'success',
        message: `Tool ${body.tool.id} deactivated`,
        tool: { enabled: false, gatewayId: body.tool.gateway_id },
      });
      expect((await http().get('/tools')).body).toHaveLength(1);
      expect((await http().get('/tools?include_inactive=true')).body).toHaveLength(2);
      await http().post('/tools/time-add/state').send({ activate: true }).expect(200);
    });

    it('cannot be made here yet, and say so', async () => {
      const { body } = await http().post('/tools').send({ name: 'x', url: 'http://x' }).expect(422);
      expect(body).toMatchObject({ code: 'validation_failed' });
      expect(body.detail).toContain('not served by this version yet');
    });

    it('need the permission of the route', async () => {
      FakeAuth.asks = aCaller({ role: 'viewer' });
      await http().get('/tools').expect(200);
      const { body } = await http().put('/tools/time-echo').send('{broken').expect(403);
      expect(body.detail).toBe('Insufficient permissions: tools.update is required');
    });

    it('that a token does not reach are absent', async () => {
      FakeAuth.asks = aCaller({ scopes: { tools: ['time-add'] }, visibility: 'only-add' });
      expect((await http().get('/tools')).body).toHaveLength(1);
      await http().get('/tools/time-echo').expect(404);
    });
  });

  describe('servers', () => {
    it('are made from names, shown with members and endpoint, changed and deleted', async () => {
      const made = await http()
        .post('/servers')
        .send({ server: { name: 'desk', associated_tools: 'time-echo, time-add' } })
        .expect(201)
        .expect('ETag', '"v1"');
      const { id } = made.body as { id: string };
      expect(made.headers['location']).toBe(`/servers/${id}`);
      expect(made.body).toMatchObject({
        associatedTools: ['time-echo', 'time-add'],
        missingItems: [],
      });
      const mcp = new URL(made.body.endpoints.mcp as string);
      expect([mcp.hostname, mcp.pathname]).toEqual(['127.0.0.1', `/servers/${id}/mcp`]);
      const at = mcp.href.slice(0, -'/mcp'.length);
      expect(made.body.endpoints).toEqual({
        mcp: `${at}/mcp`,
        sse: `${at}/sse`,
        message: `${at}/message`,
        ws: `${at.replace('http:', 'ws:')}/ws`,
      });
      const listed = await http().get('/servers/desk/tools').expect(200);
      expect(listed.body.map((t: { name: string }) => t.name)).toEqual(['time-echo', 'time-add']);
      const off = await http().post(`/servers/${id}/state?activate=false`).expect(200);
      expect(off.body).toMatchObject({ id, enabled: false });
      await http()
        .put(`/servers/${id}`)
        .send({ associatedTools: ['nope'] })
        .expect(400);
      const gone = await http().delete(`/servers/${id}`).expect(200);
      expect(gone.body.message).toBe(`Server ${id} deleted successfully`);
      await http().get(`/servers/${id}`).expect(404);
    });

    it('say how a client is connected, without a token', async () => {
      const made = await http().post('/servers').send({ name: 'Dev Desk' }).expect(201);
      const { body } = await http().get('/servers/Dev%20Desk/connect?client=cursor').expect(200);
      expect(body).toEqual({
        client: 'cursor',
        format: 'json',
        file: '.cursor/mcp.json',
        content: expect.any(String),
        env: ['MCPGATEWAY_TOKEN'],
      });
      expect(JSON.parse(body.content as string).mcpServers['dev-desk']).toEqual({
        url: made.body.endpoints.mcp,
        headers: { Authorization: 'Bearer ${env:MCPGATEWAY_TOKEN}' },
      });
      const wrong = await http().get('/servers/Dev%20Desk/connect?client=emacs').expect(422);
      expect(wrong.body.errors[0].pointer).toBe('/client');
      await http().get('/servers/Dev%20Desk/connect').expect(422);
      await http().get('/servers/nope/connect?client=curl').expect(404);
    });

    it('keep a name to one of them', async () => {
      await http().post('/servers').send({ name: 'one' }).expect(201);
      const { body } = await http().post('/servers').send({ name: 'One' }).expect(409);
      expect(body.code).toBe('name_conflict');
    });
  });

  it('shows resources by id or URI, and templates as MCP does', async () => {
    const { body } = await http().get('/resources').expect(200);
    expect(body).toHaveLength(2);
    const info = await http()
      .get(`/resources/${encodeURIComponent('docs://a')}/info`)
      .expect(200);
    expect(info.body).toMatchObject({ uri: 'docs://a', mimeType: 'text/plain', shadowedBy: null });
    const templates = await http().get('/resources/templates/list').expect(200);
    expect(templates.body.resource_templates).toEqual([
      expect.objectContaining({ uriTemplate: 'docs://{id}', name: 't' }),
    ]);
  });

  it('shows prompts with their arguments, and switches them', async () => {
    const { body } = await http().get('/prompts/time-greet').expect(200).expect('ETag', '"v1"');
    expect(body).toMatchObject({ arguments: [{ name: 'who', required: true }] });
    const off = await http().post('/prompts/time-greet/state').send({ enabled: false }).expect(200);
    expect(off.body.prompt.enabled).toBe(false);
  });
});
