import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import request from 'supertest';
import { aCaller } from '../../test/builders/caller.js';
import { aGateway } from '../../test/builders/catalog.js';
import { ItemTally } from '../audit/item-tally.service.js';
import { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import type { Caller } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { DrainState } from '../platform/drain-state.js';
import { Log } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { CatalogService } from '../registry/catalog.service.js';
import { DatabaseStatus } from './database-status.js';
import { HealthChecks } from './health-checks.service.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { VersionReport } from './version-report.service.js';
import { VersionController } from './version.controller.js';

const SECRET = 'j'.repeat(40);

/** One app per test, over a database that does what the test says. */
class House {
  caller: Caller | undefined;
  ready = true;
  readonly tally = { ofAll: () => undefined } as unknown as ItemTally;
  probes = 0;
  down: string | null = null;
  pending = 0;
  app!: NestExpressApplication;
  readonly up = aGateway();
  readonly lost = aGateway({ name: 'lost', reachable: false, status: 'unhealthy' });
  gateways = [this.up];

  async start(env: Record<string, string> = {}): Promise<void> {
    const guard: CanActivate = {
      canActivate: (context: ExecutionContext) => {
        if (this.caller !== undefined)
          context.switchToHttp().getRequest<ControlRequest>().caller = this.caller;
        return true;
      },
    };
    const isReady = () => this.ready;
    const gateways = () => new Map(this.gateways.map((g) => [g.id, g]));
    const testing = await Test.createTestingModule({
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController, VersionController],
      providers: [
        HealthChecks,
        VersionReport,
        Meters,
        DrainState,
        { provide: ItemTally, useValue: this.tally },
        { provide: Config, useValue: loadConfig({ JWT_SECRET_KEY: SECRET, ...env }) },
        { provide: Log, useValue: pino({ level: 'silent' }) },
        { provide: DatabaseStatus, useValue: this.database() },
        {
          provide: CatalogService,
          useValue: {
            get ready() {
              return isReady();
            },
            get snapshot() {
              return { gateways: gateways() };
            },
          },
        },
        { provide: APP_GUARD, useValue: guard },
      ],
    }).compile();

    this.app = testing.createNestApplication<NestExpressApplication>({ logger: false });
    await this.app.init();
  }

  get(path: string): request.Test {
    return request(this.app.getHttpServer()).get(path);
  }

  private database(): Pick<DatabaseStatus, keyof DatabaseStatus> {
    return {
      probe: async () => {
        this.probes++;
        if (this.down !== null) throw new Error(this.down);
        return { dialect: 'sqlite', latencyMs: 1.4 };
      },
      pendingMigrations: async () => this.pending,
      url: () => 'sqlite:///./mcp.db',
      serverVersion: async () => '3.45',
    };
  }
}

describe('health', () => {
  let house: House;
  beforeEach(() => {
    house = new House();
  });
  afterEach(() => house.app.close());

  it('is healthy, without details for strangers', async () => {
    await house.start();
    const { body } = await house.get('/health').expect(200);
    expect(body).toEqual({
      status: 'healthy',
      version: expect.any(String),
      uptime_seconds: expect.any(Number),
      degraded: false,
      checks: {
        database: { status: 'up', required: true },
        migrations: { status: 'up', required: true },
        gateways: { status: 'up', required: false, total: 1, up: 1 },
      },
    });
  });

  it('shows latencies to those with a credential', async () => {
    await house.start();
    house.caller = aCaller({ role: 'viewer' });
    const { body } = await house.get('/healthz').expect(200);
    expect(body.checks.database).toEqual({ status: 'up', required: true, latency_ms: 1 });
  });

  it('shows them to nobody, or to everyone, when so configured', async () => {
    await house.start({ HEALTH_DETAILS: 'never' });
    house.caller = aCaller();
    expect((await house.get('/health')).body.checks.database).not.toHaveProperty('latency_ms');
    await house.app.close();
    await house.start({ HEALTH_DETAILS: 'always' });
    house.caller = undefined;
    expect((await house.get('/health')).body.checks.database).toHaveProperty('latency_ms');
  });

  it('is degraded, not unready, when a gateway is down', async () => {
    house.gateways = [house.up, house.lost];
    await house.start();
    const { body } = await house.get('/health').expect(200);
    expect(body).toMatchObject({ degraded: true, checks: { gateways: { total: 2, up: 1 } } });
    await house.get('/ready').expect(200, { status: 'ready' });
  });

  it('is unhealthy without its database, and tells strangers no more than that', async () => {
    house.down = 'disk I/O error in /secret/path';
    await house.start();
    const { body, text } = await house.get('/health').expect(503);
    expect(body).toMatchObject({ status: 'unhealthy', checks: { database: { status: 'down' } } });
    expect(text).not.toContain('secret');
    const ready = await house.get('/readyz').expect(503);
    expect(ready.body.status).toBe('not ready');
    expect(ready.text).not.toContain('secret');
    await house.get('/live').expect(200, { status: 'alive' });
  });

  it('is not ready before the first snapshot, with pending migrations, while draining', async () => {
    house.ready = false;
    await house.start();
    await house.get('/health/ready').expect(503);
    house.ready = true;
    await house.get('/ready').expect(200);
    house.app.get(DrainState).begin();
    await house.get('/ready').expect(503, { status: 'not ready', error: 'Shutting down' });
    await house.get('/health').expect(503);
    await house.get('/livez').expect(200);
  });

  it('checks at most once a second', async () => {
    await house.start();
    for (let i = 0; i < 5; i++) await house.get('/health').expect(200);
    expect(house.probes).toBeLessThanOrEqual(2);
  });
});

describe('metrics', () => {
  let house: House;
  beforeEach(() => {
    house = new House();
  });
  afterEach(() => house.app.close());

  it('is text, whatever is asked for', async () => {
    await house.start();
    for (const accept of ['*/*', 'text/plain', 'application/json']) {
      const { text } = await house
        .get('/metrics/prometheus')
        .set('Accept', accept)
        .expect(200)
        .expect('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      expect(text).toContain('# TYPE tool_calls_total counter');
    }
  });

  it('asks for a permission when so configured', async () => {
    await house.start({ METRICS_AUTH_REQUIRED: 'true' });
    await house.get('/metrics').expect(500);
    house.caller = aCaller({ role: 'viewer' });
    await house.get('/metrics').expect(200);
  });
});

describe('version', () => {
  let house: House;
  beforeEach(async () => {
    house = new House();
    await house.start();
  });
  afterEach(() => house.app.close());

  it('tells a viewer what runs, not how it is set up', async () => {
    house.caller = aCaller({ role: 'viewer' });
    const { body } = await house.get('/version').expect(200);
    expect(body).toMatchObject({
      app: { name: 'MCP_Gateway', mcp_protocol_version: '2025-11-25' },
      platform: { node: process.versions.node },
      database: { dialect: 'sqlite', reachable: true, server_version: '3.45' },
    });
    expect(body).not.toHaveProperty('env');
    expect(body.database).not.toHaveProperty('url');
  });

  it('tells an admin the settings, and nobody a secret', async () => {
    house.caller = aCaller();
    const { body, text } = await house.get('/version').expect(200);
    expect(body.env).toMatchObject({ PORT: 4444, METRICS_AUTH_REQUIRED: false });
    expect(body.env).not.toHaveProperty('JWT_SECRET_KEY');
    expect(text).not.toContain(SECRET);
  });

  it('names itself at the root', async () => {
    await house.get('/').expect(200, { name: 'MCP_Gateway', description: 'MCP_Gateway API' });
  });
});
