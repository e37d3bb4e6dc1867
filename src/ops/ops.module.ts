import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuditModule } from '../audit/audit.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { Database } from '../store/database.js';
import { StoreModule } from '../store/store.module.js';
import { DatabaseStatus } from './database-status.js';
import { HealthChecks } from './health-checks.service.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { VersionController } from './version.controller.js';
import { VersionReport } from './version-report.service.js';

/** Health, readiness, metrics, version. Needs the global config and platform modules. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), AuditModule, StoreModule, RegistryModule],
  controllers: [HealthController, MetricsController, VersionController],
  providers: [HealthChecks, VersionReport, { provide: DatabaseStatus, useExisting: Database }],
})
export class OpsModule {}
