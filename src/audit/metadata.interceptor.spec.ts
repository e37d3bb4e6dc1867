import type { Server } from 'node:http';
import { Controller, Get, type INestApplication, Req } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { type Actor, SYSTEM_ACTOR } from '../kernel/caller.js';
import { createdStamp, modifiedStamp } from '../kernel/audit-metadata.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { AuditMetadataInterceptor } from './metadata.interceptor.js';

@Controller()
class EchoController {
  @Get()
  actor(@Req() asked: ControlRequest): Actor | undefined {
    return asked.actor;
  }
}

describe('audit metadata', () => {
  let app: INestApplication<Server>;
  beforeAll(async () => {
    const module = await Test.createTestingModule({
      controllers: [EchoController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: AuditMetadataInterceptor }],
    }).compile();
    app = module.createNestApplication();
    app.use((incoming: Record<string, unknown>, _response: unknown, next: () => void) => {
      Object.assign(incoming, { id: 'r-1', clientIp: '10.0.0.1', caller: { principal: 'alice' } });
      next();
    });
    await app.init();
  });
  afterAll(() => app.close());

  it('name who asked, from where, how and with what', async () => {
    const { body } = await request(app.getHttpServer()).get('/').set('User-Agent', 'x'.repeat(600));
    expect(body).toEqual({
      principal: 'alice',
      ip: '10.0.0.1',
      via: 'api',
      userAgent: 'x'.repeat(512),
      requestId: 'r-1',
    });
  });

  it('stamp a record when it is made and each time it changes', () => {
    const made = createdStamp(SYSTEM_ACTOR, new Date(0), { federationSource: 'time' });
    expect(made).toMatchObject({ createdBy: 'system', modifiedBy: null, version: 1 });
    expect(made).toMatchObject({ federationSource: 'time', updatedAt: made.createdAt });
    const changed = modifiedStamp({ ...SYSTEM_ACTOR, principal: 'bob' }, new Date(1_000), made);
    expect(changed).toMatchObject({ modifiedBy: 'bob', version: 2 });
    expect(changed).not.toHaveProperty('createdBy');
  });
});
