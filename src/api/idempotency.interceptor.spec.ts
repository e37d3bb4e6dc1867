import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpCode,
  Post,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import request from 'supertest';
import { aCaller } from '../../test/builders/caller.js';
import { AuditModule } from '../audit/audit.module.js';
import { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig } from '../config/load-config.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { GatewayError } from '../kernel/errors.js';
import { PlatformModule } from '../platform/platform.module.js';
import { Answer } from './answer.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import type { BodySpec } from './body/body-spec.js';
import { JsonBody } from './body/json-body.decorator.js';
import { Absent, EntityName } from './body/rules.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { ProblemFilter } from './problem.filter.js';
import { setupControlPlane } from './setup.js';
import { Unrepeated } from './unrepeated.decorator.js';

class ThingBody {
  @Absent() @EntityName() name?: string;
}
const THING: BodySpec<ThingBody> = { shape: ThingBody, required: ['name'] };

let runs = 0;
let gate: Promise<void> = Promise.resolve();
let entered: () => void = () => undefined;

@Controller()
class ThingsController {
  @Post('things')
  @HttpCode(201)
  async create(@JsonBody(THING) body: ThingBody): Promise<Answer> {
    runs++;
    entered();
    await gate;
    if (body.name === 'taken')
      throw new GatewayError('name_conflict', { kind: 'Thing', name: 'taken' });
    if (body.name === 'down') throw new GatewayError('upstream_error', { reason: 'down' });
    if (body.name === 'busy')
      throw new GatewayError('in_progress', { what: 'It is' }, { retryAfterSeconds: 1 });
    return new Answer({ id: runs, name: body.name }, { version: 3, location: '/things/1' });
  }

  @Unrepeated()
  @Post('logins')
  begin(): number {
    return ++runs;
  }

  @Post('resources/subscribe')
  stream(@Body() _body: unknown): number {
    return ++runs;
  }
}

describe('Idempotency-Key', () => {
  let app: NestExpressApplication;
  let caller = aCaller();
  const post = (body: object, key = 'k1', path = '/things') =>
    request(app.getHttpServer()).post(path).set('Idempotency-Key', key).send(body);

  beforeEach(async () => {
    runs = 0;
    gate = Promise.resolve();
    caller = aCaller();
    const config = loadConfig({
      DATABASE_URL: 'sqlite::memory:',
      AUTH_ENCRYPTION_SECRET: 'k'.repeat(40),
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
        AuditModule,
      ],
      controllers: [ThingsController],
      providers: [
        { provide: APP_GUARD, useValue: auth },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
      ],
    }).compile();
    app = testing.createNestApplication<NestExpressApplication>({
      bodyParser: false,
      logger: false,
    });
    setupControlPlane(app, app.get(Config));
    await app.listen(0, '127.0.0.1');
  });
  afterEach(() => app.close());

  it('runs a request once and answers the same again', async () => {
    const first = await post({ name: 'a', odd: 1 }).expect(201);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    const again = await post({ odd: 1, name: 'a' }, 'k1', '/v1/things/').expect(201);
    expect(again.text).toBe(first.text);
    expect(again.headers).toMatchObject({
      'idempotency-replayed': 'true',
      etag: '"v3"',
      location: '/things/1',
      'x-ignored-fields': 'odd',
    });
    expect(runs).toBe(1);
    await post({ name: 'a', odd: 1 }, 'k2').expect(201);
    expect(runs).toBe(2);
  });

  it('is not looked at where an answer is of use once', async () => {
    for (const run of [1, 2]) {
      const answer = await post({}, 'k1', '/logins').expect(201);
      expect(answer.headers).not.toHaveProperty('idempotency-replayed');
      expect(runs).toBe(run);
    }
  });

  it('refuses the key with another body or query', async () => {
    await post({ name: 'a' }).expect(201);
    for (const other of [post({ name: 'b' }), post({ name: 'a' }, 'k1', '/things?x=1')])
      expect((await other.expect(422)).body.code).toBe('idempotency_mismatch');
    expect(runs).toBe(1);
  });

  it('belongs to the principal, and shows no other token what it may not see', async () => {
    await post({ name: 'a' }).expect(201);
    caller = aCaller({ visibility: 'narrow' });
    await post({ name: 'a' }).expect(422);
    caller = aCaller({ principal: 'bob' });
    await post({ name: 'a' }).expect(201);
    expect(runs).toBe(2);
  });

  it('says that the first is still running', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const first = post({ name: 'a' }).then((answer) => answer);
    await inside;
    const second = await post({ name: 'a' }).expect(409).expect('Retry-After', '1');
    expect(second.body.code).toBe('in_progress');
    open();
    expect((await first).status).toBe(201);
    await post({ name: 'a' }).expect(201).expect('Idempotency-Replayed', 'true');
    expect(runs).toBe(1);
  });

  it('keeps what was refused for good, and nothing that may come right', async () => {
    const refused = await post({ name: 'taken' }).expect(409);
    const again = await post({ name: 'taken' }).expect(409).expect('Idempotency-Replayed', 'true');
    expect(again.body).toEqual(refused.body);
    const invalid = await post({}, 'k2').expect(422);
    expect((await post({}, 'k2').expect(422)).body).toEqual(invalid.body);
    expect(runs).toBe(1);
    for (const [name, status] of [
      ['down', 502],
      ['busy', 409],
    ] as const) {
      runs = 0;
      await post({ name }, name).expect(status);
      await post({ name }, name).expect(status);
      expect(runs).toBe(2);
    }
  });

  it('must be readable, and means nothing to event streams', async () => {
    for (const key of ['with space', 'x'.repeat(256)])
      expect((await post({ name: 'a' }, key).expect(400)).body.code).toBe('invalid_request');
    await post({}, 'k1', '/resources/subscribe').expect(201, '1');
    await post({}, 'k1', '/resources/subscribe').expect(201, '2');
  });
});
