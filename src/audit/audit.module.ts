import { Module } from '@nestjs/common';
import { StoreModule } from '../store/store.module.js';
import { CallLog } from './call-log.js';
import { ItemTally } from './item-tally.service.js';
import { AuditMetadataInterceptor } from './metadata.interceptor.js';
import { Trails } from './trail.js';

/** What is kept of calls and changes. */
@Module({
  imports: [StoreModule],
  providers: [CallLog, ItemTally, Trails, AuditMetadataInterceptor],
  exports: [CallLog, ItemTally, Trails, AuditMetadataInterceptor],
})
export class AuditModule {}
