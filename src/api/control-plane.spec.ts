import { Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import request from 'supertest';
import { Config } from '../config/config.js';
import { GatewayError } from '../kernel/errors.js';
import { responseHeaders } from '../kernel/response-headers.js';
import { Log } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { Answer } from './answer.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import type { BodySpec } from './body/body-spec.js';
import { JsonBody } from './body/json-body.decorator.js';
import { Absent, EntityName, Nullable, Text, WholeNumber } from './body/rules.js';
import { ProblemFilter } from './problem.filter.js';
import { setupControlPlane } from './setup.js';

class ThingBody {
  @Absent() @EntityName() name?: string;
  @Nullable() @Text(20) longText?: string | null;
  @Absent() @WholeNumber(0, 10) count?: number;
}
const THING: BodySpec<ThingBody> = {
  shape: ThingBody,
  wrapper: 'thing',
  required: ['name'],
  aliases: { _meta: 'longText' },
};

@Controller('gateways')
class ThingsController {
  @Post()
  @HttpCode(200)
  create(@JsonBody(THING) body: ThingBody): Answer {
    return new Answer(body, { version: 1, location: '/gateways/1' });
  }

  @Get(':id')
  get(@Param('id') id: string): Answer {
    if (id === 'gone') throw new GatewayError('gateway_not_found', { name: id });
    if (id === 'login') throw new GatewayError('not_authenticated');
    if (id === 'busy') throw new GatewayError('overloaded', { what: 'Busy' });
    if (id === 'broken') throw new Error('secret /etc/passwd');
    return new Answer([id], { nextCursor: 'abc' });
  }

  @Put(':id')
  put(@JsonBody({ shape: ThingBody } as BodySpec<ThingBody>) body: ThingBody): object {
    return body;
  }
}

const config: Partial<Config> = {
  apiAllowBasicAuth: false,
  accessLog: 'all',
  allowedOrigins: ['http://ui.test'],
  appRootPath: '/gw',
  hstsEnabled: true,
  hstsMaxAgeSeconds: 60,
  maxRequestSizeBytes: 2000,
  metricsMaxTools: 10,
  publicUrl: '',
  securityHeadersEnabled: true,
  trustedProxies: ['127.0.0.1'],
  xFrameOptions: 'DENY',
};

describe('control plane', () => {
  let app: NestExpressApplication;
  let lines: Record<string, unknown>[];

  beforeAll(async () => {
    lines = [];
    const log = pino(
      { level: 'debug' },
      { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const testing = await Test.createTestingModule({
      controllers: [ThingsController],
      providers: [
        { provide: Config, useValue: config },
        { provide: Log, useValue: log },
        Meters,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
      ],
    }).compile();

    app = testing.createNestApplication<NestExpressApplication>({
      bodyParser: false,
      logger: false,
    });
    setupControlPlane(app, config as Config);
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  const http = () => request(app.getHttpServer());

  describe('addresses', () => {
    it.each(['/gateways/x', '/gateways/x/', '/v1/gateways/x', '/gw/v1/gateways/x/'])(
      'answers %s without a redirect',
      async (path) => {
        await http().get(path).expect(200, ['x']);
      },
    );

    it('answers HEAD where GET works', async () => {
      await http().head('/gateways/x').expect(200);
    });

    it('says which methods a path takes', async () => {
      const { body } = await http()
        .delete('/gateways/x/')
        .expect(405)
        .expect('Allow', 'GET, HEAD, PUT');
      expect(body).toMatchObject({
        code: 'method_not_allowed',
        detail: 'GET, HEAD, PUT are allowed',
      });
      await http().options('/gateways/x').expect(204).expect('Allow', 'GET, HEAD, PUT, OPTIONS');
    });

    it.each(['/Gateways/x', '//gateways/x', '/nothing'])('knows no %s', async (path) => {
      const { body } = await http().get(path).expect(404);
      expect(body).toMatchObject({ code: 'route_not_found', instance: path });
    });

    it.each(['/gateways/gone', '/v1/gateways/gone/', '/gw/gateways/gone', '/gw/v1/gateways/gone'])(
      'repeats the text of a fault as message at %s',
      async (path) => {
        const { body } = await http().get(path).expect(404);
        expect(body).toMatchObject({ instance: path, message: 'Gateway not found: gone' });
      },
    );

    it('survives malformed percent-encoding', async () => {
      await http().get('/gateways/%ff').expect(400);
    });
  });

  describe('problems', () => {
    it('are problem+json with the members of both worlds', async () => {
      const { body } = await http()
        .get('/v1/gateways/gone?x=1')
        .set('X-Request-ID', 'r-1')
        .expect(404)
        .expect('Content-Type', 'application/problem+json')
        .expect('X-Request-ID', 'r-1');
      expect(body).toEqual({
        type: '/docs/errors/gateway_not_found',
        title: 'Gateway not found',
        status: 404,
        detail: 'Gateway not found: gone',
        message: 'Gateway not found: gone',
        instance: '/v1/gateways/gone',
        code: 'gateway_not_found',
        requestId: 'r-1',
      });
    });

    it('hide what is unknown, and log its cause under the request id', async () => {
      const { body, text } = await http().get('/gateways/broken').expect(500);
      expect(text).not.toContain('passwd');
      const { requestId } = body as { requestId: string };
      expect(body.detail).toBe(`Internal error (request ${requestId})`);
      const line = lines.find((l) => l['requestId'] === requestId && l['event'] === 'http.refused');
      expect(line).toMatchObject({
        route: '/gateways/{id}',
        err: { message: 'secret /etc/passwd' },
      });
    });

    it('ask for credentials, and say when to come back', async () => {
      await http().get('/gateways/login').expect(401).expect('WWW-Authenticate', 'Bearer');
      await http().get('/gateways/busy').expect(503).expect('Retry-After', '1');
    });
  });

  describe('bodies', () => {
    const post = (body: string, type = 'application/json') =>
      http().post('/gateways').set('Content-Type', type).send(body);

    it('take either spelling, a wrapper, and answer with ETag and Location', async () => {
      const { headers } = await post('{"name":"a","long_text":"b"}').expect(200, {
        name: 'a',
        longText: 'b',
      });
      expect(headers).toMatchObject({ etag: '"v1"', location: '/gw/gateways/1' });
      await post('{"thing":{"name":"a"},"visibility":"public"}').expect(200, { name: 'a' });
    });

    it('refuse two spellings with different values', async () => {
      await post('{"name":"a","long_text":"b","longText":"b"}').expect(200);
      const { body } = await post('{"name":"a","long_text":"b","longText":"c"}').expect(422);
      expect(body.errors).toEqual([expect.objectContaining({ pointer: '/longText' })]);
    });

    it('name every faulty field as it was sent', async () => {
      const { body } = await post('{"thing":{"long_text":7,"count":11}}').expect(422);
      expect(body.detail).toBe('3 fields are invalid');
      expect(body.errors).toEqual([
        {
          pointer: '/thing/name',
          detail: 'Field required',
          loc: ['body', 'thing', 'name'],
          msg: 'Field required',
          type: 'missing',
        },
        expect.objectContaining({ pointer: '/thing/long_text', type: 'text' }),
        expect.objectContaining({ pointer: '/thing/count', type: 'whole_number' }),
      ]);
    });

    it('ignore unknown keys and say so, or refuse them when asked to be strict', async () => {
      const evil =
        '{"name":"a","isAdmin":true,"__proto__":{"isAdmin":true},"createdBy":"me","a b":1}';
      const { body } = await post(evil)
        .expect(200)
        .expect('X-Ignored-Fields', 'isAdmin, __proto__, a%20b');
      expect(body).toEqual({ name: 'a' });
      expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
      await post(evil).set('Prefer', 'handling=strict').expect(422);
    });

    it('are partial on PUT: null stays null, absent stays absent', async () => {
      const put = http().put('/gateways/x').set('Content-Type', 'application/json');
      await put.send('{"longText":null}').expect(200, { longText: null });
    });

    it.each([
      ['not JSON', '{', 400, 'parse_error'],
      ['too deep', `${'['.repeat(65)}${']'.repeat(65)}`, 400, 'parse_error'],
      ['a doubled key', '{"name":"a","name":"a"}', 400, 'invalid_request'],
      ['an array', '[]', 422, 'validation_failed'],
      ['null', 'null', 422, 'validation_failed'],
      ['too large', `{"name":"${'a'.repeat(2000)}"}`, 413, 'payload_too_large'],
    ])('refuse what is %s', async (_, sent, status, code) => {
      const { body } = await post(sent).expect(status);
      expect(body.code).toBe(code);
    });

    it('refuse invalid UTF-8', async () => {
      const sent = http().post('/gateways').set('Content-Type', 'application/json');
      sent.write(Buffer.from([0x7b, 0xff, 0x7d]));
      const { body } = await sent.expect(400);
      expect(body.code).toBe('parse_error');
    });

    it('refuse a stream that grows too large', async () => {
      const sent = http().post('/gateways').set('Content-Type', 'application/json');
      sent.write('{"name":"');
      sent.write('a'.repeat(3000));
      await sent.expect(413);
    });

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
    ])('refuse %s', async (type) => {
      await post('{"name":"a"}', type).expect(415);
    });
  });

  describe('headers', () => {
    it('are those of the data plane, on errors too', async () => {
      const expected = responseHeaders({ xFrameOptions: 'DENY', hstsMaxAgeSeconds: null });
      for (const path of ['/gateways/x', '/gateways/gone', '/nothing']) {
        const { headers } = await http().get(path);
        expect(headers).toMatchObject(Object.fromEntries(expected));
        expect(headers).not.toHaveProperty('strict-transport-security');
        expect(headers).not.toHaveProperty('x-powered-by');
      }
    });

    it('promise TLS only over TLS', async () => {
      const expected = responseHeaders({ xFrameOptions: 'DENY', hstsMaxAgeSeconds: 60 });
      const { headers } = await http().get('/gateways/x').set('X-Forwarded-Proto', 'https');
      expect(headers).toMatchObject(Object.fromEntries(expected));
    });

    it('let pages of allowed origins read, no others', async () => {
      const { headers } = await http().get('/gateways/x').set('Origin', 'http://ui.test');
      expect(headers['access-control-allow-origin']).toBe('http://ui.test');
      await http()
        .options('/gateways/x')
        .set({ Origin: 'http://ui.test', 'Access-Control-Request-Method': 'PUT' })
        .expect(204)
        .expect('Access-Control-Allow-Methods', /PUT/);
      const foreign = await http().get('/gateways/x').set('Origin', 'http://evil.test');
      expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
    });

    it('point to the next page', async () => {
      await http()
        .get('/gateways/x?limit=1&cursor=old')
        .expect('X-Next-Cursor', 'abc')
        .expect('Link', '</gateways/x?limit=1&cursor=abc>; rel="next"');
    });

    it.each(['a'.repeat(129), 'a b', 'ä'])('make up a request id instead of %p', async (id) => {
      const { headers } = await http().get('/gateways/x').set('X-Request-ID', id);
      expect(headers['x-request-id']).not.toBe(id);
    });
  });

  it('counts requests by route template', async () => {
    const { registry } = app.get(Meters);
    await http().get('/gateways/secret-name').expect(200);
    const text = await registry.metrics();
    expect(text).toContain('route="/gateways/{id}"');
    expect(text).not.toContain('secret-name');
  });
});
