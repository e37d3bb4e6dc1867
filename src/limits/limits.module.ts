import { Module } from '@nestjs/common';
import { Limiter } from './limiter.js';
import { MonotonicClock } from './monotonic-clock.js';

/** One limiter for all ways in. */
@Module({ providers: [Limiter, MonotonicClock], exports: [Limiter] })
export class LimitsModule {}
