import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import request from 'supertest';
import { aCaller } from '../../../test/builders/caller.js';
import { startUpstream, type Upstream } from '../../../test/fakes/hostile-upstream/upstream.js';
import { AccessGuard } from '../../auth/access.guard.js';
import { Config } from '../../config/config.js';
import { ConfigModule } from '../../config/config.module.js';
import { loadConfig } from '../../config/load-config.js';
import type { ControlRequest } from '../../kernel/control-request.js';
import { PlatformModule } from '../../platform/platform.module.js';
import { ApiModule } from '../api.module.js';
import { setupControlPlane } from '../setup.js';

describe('routes of gateways', () => {
  let app: NestExpressApplication;
  let upstream: Upstream;
  let caller = aCaller();
  const http = () => request(app.getHttpServer());

  beforeAll(async () => {
    upstream = await startUpstream({ only: ['echo', 'ok'] });
    const config = loadConfig({
      DATABASE_URL: 'sqlite::memory:',
      AUTH_ENCRYPTION_SECRET: 'k'.repeat(40),
      JWT_SECRET_KEY: 'j'.repeat(40),
      STDIO_UPSTREAMS_ENABLED: 'true',
    });
    const auth: CanActivate = {
      canActivate: (context: ExecutionContext) => {
        context.switchToHttp().getRequest<ControlRequest>().caller = caller;
        return true;
      },
    };
    const testing = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        PlatformModule.forRoot(config, pino({ level: 'silent' })),
        ApiModule,
      ],
      providers: [
        { provide: APP_GUARD, useValue: auth },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
    }).compile();

    app = testing.createNestApplication<NestExpressApplication>({
      bodyParser: false,
      logger: false,
    });
    setupControlPlane(app, app.get(Config));
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });
  beforeEach(() => {
    caller = aCaller();
  });

  it('register, show, switch and delete a gateway', async () => {
    const { body, headers } = await http()
      .post('/gateways/')
      .send({ gateway: { name: 'kit one', url: upstream.urls.http }, visibility: 'public' })
      .expect(200)
      .expect('ETag', '"v1"');
    const { id } = body as { id: string };
    expect(headers['location']).toBe(`/gateways/${id}`);
    expect(body).toMatchObject({
      slug: 'kit-one',
      transport: 'STREAMABLEHTTP',
      reachable: true,
      status: 'healthy',
      toolCount: 2,
      authType: 'none',
      authValue: null,
      createdBy: 'alice',
      createdVia: 'api',
    });
    expect(JSON.stringify(body)).not.toContain('Sealed');
    expect((await http().get('/gateways?q=KIT')).body).toHaveLength(1);
    const tools = await http().get('/tools?gateway_id=kit-one').expect(200);
    expect(tools.body).toHaveLength(2);

    const health = await http().get('/gateways/kit-one/health?probe=true').expect(200);
    expect(health.body).toMatchObject({ gatewayId: id, status: 'healthy', error: null });
    expect(typeof health.body.latencyMs).toBe('number');
    const refreshed = await http().post(`/gateways/${id}/tools/refresh`).expect(200);
    expect(refreshed.body).toMatchObject({ success: true, toolsAdded: 0, toolsRemoved: 0 });

    const off = await http().post(`/gateways/${id}/toggle?activate=false`).expect(200);
    expect(off.body).toMatchObject({
      message: `Gateway ${id} deactivated`,
      gateway: { status: 'disabled', toolCount: 2, tool_count: 2 },
    });
    expect((await http().get('/gateways')).body).toHaveLength(0);

    await http().delete(`/gateways/${id}`).set('If-Match', '"v9"').expect(412);
    const gone = await http().delete(`/gateways/${id}`).expect(200);
    expect(gone.body).toEqual({ status: 'success', message: `Gateway ${id} deleted` });
    const lost = await http().get(`/gateways/${id}`).expect(404);
    expect(lost.body.message).toBe(lost.body.detail);
  });

  it('say why an upstream cannot be reached, and keep it only when asked to', async () => {
    const dead = { name: 'dead', url: 'http://127.0.0.1:1/mcp' };
    const { body } = await http().post('/gateways').send(dead).expect(502);
    expect(body.message).toMatch(/refused/i);
    const kept = await http().post('/gateways?allow_offline=true').send(dead).expect(200);
    expect(kept.body).toMatchObject({ status: 'pending', reachable: false });
    const again = await http().post('/gateways?allowOffline=1').send(dead).expect(409);
    expect(again.body.message).toBe('Gateway name already exists');
    await http().delete('/gateways/dead').expect(200);
  });

  it('never give a secret back, and mask what they keep', async () => {
    const made = await http()
      .post('/gateways?allow_offline=true')
      .send({
        name: 'locked',
        url: 'http://127.0.0.1:1/mcp',
        auth: { auth_type: 'bearer', auth_token: 's3cret' },
      })
      .expect(200);
    expect(made.body).toMatchObject({ authType: 'bearer', authValue: '*****' });
    const edited = await http()
      .put('/gateways/locked')
      .send({ authToken: '*****', description: 'x' })
      .expect(200);
    expect(made.text + edited.text).not.toContain('s3cret');
    const { body } = await http()
      .put('/gateways/locked')
      .send({ url: 'http://127.0.0.2:1/mcp' })
      .expect(422);
    expect(body.code).toBe('secret_required');
    await http().delete('/gateways/locked').expect(200);
  });

  it('let only those start processes who may run commands', async () => {
    caller = aCaller({ role: 'operator' });
    for (const body of [
      { name: 'x', transport: 'STDIO', command: '/bin/true' },
      { name: 'x', command: '/bin/true' },
    ]) {
      const refused = await http().post('/gateways').send(body).expect(403);
      expect(refused.body.message).toBe('Insufficient permissions: admin.commands is required');
    }
    caller = aCaller();
    const listed = await http()
      .post('/gateways')
      .send({ name: 'x', transport: 'STDIO', command: '/bin/true' })
      .expect(403);
    expect(listed.body.code).toBe('command_not_allowed');
  });

  it('refuse what is not served', async () => {
    const { body } = await http()
      .post('/gateways')
      .send({
        name: '<b>',
        url: 'ftp://x',
        transport: 'CARRIER_PIGEON',
        gatewayMode: 'direct_proxy',
        visibility: 'private',
      })
      .expect(422);
    expect(body.errors.map((e: { pointer: string }) => e.pointer).sort()).toEqual([
      '/gatewayMode',
      '/name',
      '/transport',
      '/visibility',
    ]);
  });

  it('lead to what the upstream of a resource or prompt says', async () => {
    await http().post('/gateways').send({ name: 'kit', url: upstream.urls.http }).expect(200);
    const listed = await http().get('/resources').expect(200);
    const { id } = listed.body.find((r: { uri: string }) => r.uri === 'test://one');
    const read = await http().get(`/resources/${id}`).expect(200);
    expect(read.body).toMatchObject({ type: 'resource', id, uri: 'test://one', blob: null });
    expect(read.body.text).toMatch(/./);
    expect(read.body.mime_type).toBe(read.body.mimeType);
    const byUri = await http().get('/resources/test%3A%2F%2Fone').expect(200);
    expect(byUri.body).toEqual(read.body);
    const tested = await http().get('/resources/test/test%3A%2F%2Fone').expect(200);
    expect(tested.body.content.contents[0].text).toBe(read.body.text);
    await http().get('/resources/test%3A%2F%2Fnone').expect(404);
    const said = await http().post('/prompts/kit-greet').send({ name: 'Ann' }).expect(200);
    expect(said.body.messages[0].role).toBe('user');
    await http().post('/prompts/none').send({}).expect(404);
    caller = aCaller({ scopes: { servers: ['none'] }, visibility: 'narrow' });
    await http().get(`/resources/${id}`).expect(404);
    caller = aCaller();
    await http().delete('/gateways/kit').expect(200);
  });

  describe('try an address without storing anything', () => {
    const echo = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const { method, url, headers } = req;
          const seen = {
            method,
            url,
            auth: headers['authorization'],
            type: headers['content-type'],
          };
          const text = JSON.stringify({ ...seen, body: Buffer.concat(chunks).toString() });
          res.writeHead(418).end(url === '/plain' ? 'no json' : text);
        });
    });
    let base: string;
    beforeAll(async () => {
      await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      const closed = new Promise((resolve) => echo.close(resolve));
      echo.closeAllConnections();
      await closed;
    });
    const test = (body: object, path = '/gateways/test') => http().post(path).send(body);

    it('by plain HTTP, and show what came back', async () => {
      const { body } = await test({
        base_url: `${base}/api/`,
        path: '//x/y?a=1',
        method: 'POST',
        headers: { Authorization: 'Bearer t' },
        body: { n: 1 },
      }).expect(200);
      expect(body).toMatchObject({ statusCode: 418, status_code: 418, error: null });
      expect(body.latencyMs).toBe(body.latency_ms);
      expect(body.body).toEqual({
        method: 'POST',
        url: '/api/x/y?a=1',
        auth: 'Bearer t',
        type: 'application/json',
        body: '{"n":1}',
      });
      const plain = await test({ base_url: base, path: 'plain' }, '/admin/gateways/test');
      expect(plain.body).toMatchObject({ statusCode: 418, body: 'no json' });
    });

    it('by an MCP handshake, with headers that the server wants', async () => {
      const { body } = await test({ base_url: upstream.urls.http, method: 'MCP' }).expect(200);
      expect(body).toMatchObject({ statusCode: 200, error: null });
      expect(body.body).toMatchObject({ transport: 'STREAMABLEHTTP', protocolEra: 'legacy' });
      expect(body.body.capabilities.tools).toBeDefined();
      const other = await test({ base_url: base, method: 'MCP', headers: { 'X-Key': 'k' } });
      expect(other.body.statusCode).toBeGreaterThanOrEqual(400);
      expect(other.body.error).toMatch(/./);
      expect((await http().get('/gateways?include_inactive=true')).body).toEqual([]);
    });

    it('and say what failed', async () => {
      for (const method of ['GET', 'MCP']) {
        const dead = await test({ base_url: 'http://127.0.0.1:1/', method }).expect(200);
        expect(dead.body).toMatchObject({ statusCode: 502, body: null });
        expect(dead.body.error).toMatch(/refused/i);
        const far = await test({ base_url: 'http://169.254.169.254/', method }).expect(422);
        expect(far.body).toMatchObject({ code: 'egress_blocked', message: far.body.detail });
        const odd = await test({ base_url: 'ftp://x', method, headers: { Host: 'y' } }).expect(422);
        const pointers = odd.body.errors.map((e: { pointer: string }) => e.pointer);
        expect(pointers).toEqual(['/headers', '/base_url']);
      }
      caller = aCaller({ role: 'viewer' });
      await test({ base_url: base }).expect(403);
    });
  });
});
