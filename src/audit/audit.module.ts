import { Module } from '@nestjs/common';
import { StoreModule } from '../store/store.module.js';
import { CallLog } from './call-log.js';
import { IdempotentAnswers } from './idempotent-answers.service.js';
import { ItemTally } from './item-tally.service.js';
import { AuditMetadataInterceptor } from './metadata.interceptor.js';
import { Trails } from './trail.js';

/** What is kept of calls and changes. */
@Module({
  imports: [StoreModule],
  providers: [CallLog, IdempotentAnswers, ItemTally, Trails, AuditMetadataInterceptor],
  exports: [CallLog, IdempotentAnswers, ItemTally, Trails, AuditMetadataInterceptor],
})
export class AuditModule {}
