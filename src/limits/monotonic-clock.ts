import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';

/** Time that never jumps, for windows; the wall clock is set now and then. */
@Injectable()
export class MonotonicClock {
  /** ms since some moment in the past. */
  now(): number {
    return performance.now();
  }
}
