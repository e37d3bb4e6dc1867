import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { FederationService } from './federation.service.js';
import { HealthService } from './health.service.js';
import { SyncLines } from './sync-lines.service.js';
import { SyncService } from './sync.service.js';

@Module({
  imports: [RegistryModule, UpstreamsModule],
  providers: [SyncLines, SyncService, HealthService, FederationService],
  exports: [SyncService, HealthService],
})
export class FederationModule {}
