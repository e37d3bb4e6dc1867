import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { FederationService } from './federation.service.js';
import { Handshake } from './handshake.service.js';
import { HealthService } from './health.service.js';
import { PersonLines } from './person-lines.service.js';
import { SyncLines } from './sync-lines.service.js';
import { SyncService } from './sync.service.js';
import { Watches } from './watches.service.js';

@Module({
  imports: [RegistryModule, UpstreamsModule],
  providers: [
    SyncLines,
    PersonLines,
    SyncService,
    Watches,
    Handshake,
    HealthService,
    FederationService,
  ],
  exports: [Handshake, PersonLines, SyncService, Watches, HealthService],
})
export class FederationModule {}
