import type { Server } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Module,
  Post,
  Req,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig } from '../config/load-config.js';
import type { Caller } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { GatewayError } from '../kernel/errors.js';
import { createLogger } from '../platform/log/log.js';
import { LogModule } from '../platform/log/log.module.js';
import { Meters } from '../platform/metrics/meters.js';
import { AccessGuard } from './access.guard.js';
import { AuthGuard } from './auth.guard.js';
import { AuthModule } from './auth.module.js';
import { CurrentCaller } from './current-caller.decorator.js';
import { RouteInventory } from './inventory.js';
import { AnyPrincipal, Public, RequirePermission } from './permission.decorator.js';
import { issueToken } from './token-issuer.js';

@Controller(['things', 'v1/things'])
@AnyPrincipal()
class ThingsController {
  @Get()
  list(@CurrentCaller() caller: Caller | undefined): object {
    return { principal: caller?.principal ?? null };
  }

  @Post(':id')
  @RequirePermission('tools.create')
  create(@Req() request: ControlRequest): object {
    return { principal: request.caller?.principal, clientIp: request.clientIp };
  }

  @Get('health')
  @Public()
  health(@CurrentCaller() caller: Caller | undefined): object {
    return { principal: caller?.principal ?? null };
  }
}

@Controller('open')
class ForgottenController {
  @Get()
  list(): string {
    return 'oops';
  }
}

@Catch(GatewayError)
class PlainFilter implements ExceptionFilter {
  catch(error: GatewayError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { set(headers: object): { send(body: object): void } };
    }>();
    response
      .status(error.row.status)
      .set(error.extras.headers ?? {})
      .send({ code: error.code });
  }
}

const config = loadConfig(
  { JWT_SECRET_KEY: 'a-key-for-tests-that-has-more-than-32-bytes' },
  { cwd: __dirname },
);
const bearer = (role: string) =>
  `Bearer ${issueToken(config, { principal: 'alice', lifetimeSeconds: 60, role }).token}`;

@Module({
  providers: [{ provide: Meters, useFactory: () => new Meters(config) }],
  exports: [Meters],
})
class MetersModule {}

function build(...controllers: (typeof ThingsController | typeof ForgottenController)[]) {
  return Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      LogModule.forRoot(createLogger(config)),
      { module: MetersModule, global: true },
      AuthModule,
    ],
    controllers,
    providers: [
      { provide: APP_GUARD, useExisting: AuthGuard },
      { provide: APP_GUARD, useExisting: AccessGuard },
      { provide: APP_FILTER, useClass: PlainFilter },
    ],
  }).compile();
}

describe('the guards of the control plane', () => {
  let app: INestApplication<Server>;
  beforeAll(async () => {
    app = (await build(ThingsController)).createNestApplication();
    await app.init();
  });
  afterAll(() => app.close());
  const http = () => request(app.getHttpServer());

  it('answer 401 without a credential', async () => {
    const { headers } = await http().get('/things').expect(401, { code: 'not_authenticated' });
    expect(headers['www-authenticate']).toBe('Bearer');
  });

  it('ignore identity in other headers', async () => {
    await http().get('/things').set('X-Authenticated-User', 'admin').expect(401);
  });

  it('let any principal in where that is enough', async () => {
    const call = http().get('/v1/things').set('Authorization', bearer('viewer'));
    await call.expect(200, { principal: 'alice' });
  });

  it('ask for the permission of the handler before that of its class', async () => {
    await http().post('/things/1').set('Authorization', bearer('viewer')).expect(403);
    const response = await http()
      .post('/things/1')
      .set({ Authorization: bearer('operator'), 'X-Forwarded-For': '6.6.6.6' })
      .expect(201);
    expect(response.body).toEqual({ principal: 'alice', clientIp: '127.0.0.1' });
  });

  it('serve public routes to all, and tell them who is known', async () => {
    await http().get('/things/health').expect(200, { principal: null });
    const known = http().get('/things/health').set('Authorization', bearer('viewer'));
    await known.expect(200, { principal: 'alice' });
    const wrong = http().get('/things/health').set('Authorization', 'Bearer junk');
    await wrong.expect(200, { principal: null });
  });

  it('are listed route by route', () => {
    expect(app.get(RouteInventory).routes()).toEqual([
      {
        handler: 'ThingsController.list',
        method: 'GET',
        paths: ['/things', '/v1/things'],
        admission: 'any-principal',
      },
      {
        handler: 'ThingsController.create',
        method: 'POST',
        paths: ['/things/:id', '/v1/things/:id'],
        admission: { permission: 'tools.create' },
      },
      {
        handler: 'ThingsController.health',
        method: 'GET',
        paths: ['/things/health', '/v1/things/health'],
        admission: 'public',
      },
    ]);
  });
});

describe('a route without a rule', () => {
  it('stops the start, and is named', async () => {
    const module = await build(ThingsController, ForgottenController);
    const app = module.createNestApplication();
    await expect(app.init()).rejects.toThrow(/ForgottenController\.list/);
    module.get(Meters).onModuleDestroy();
  });
});
