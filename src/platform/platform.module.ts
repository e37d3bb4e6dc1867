import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { MemoryBus } from './bus/memory.bus.js';
import { Sealer } from './crypto/sealer.js';
import { EgressPolicy } from './http/egress-policy.js';
import { SafeClient } from './http/safe-client.js';
import { DrainState } from './drain-state.js';
import { MemoryKv } from './kv/memory.kv.js';
import { createLogger } from './log/log.js';
import type { Log } from './log/log.js';
import { LogModule } from './log/log.module.js';
import { Meters } from './metrics/meters.js';

const PROVIDERS = [MemoryBus, Sealer, EgressPolicy, SafeClient, MemoryKv, Meters, DrainState];

/** The doors to the outside, one of each per app. Needs ConfigModule beside it. */
@Global()
@Module({})
export class PlatformModule {
  /** @param log the logger that exists already; otherwise one is made */
  static forRoot(config: Config, log: Log = createLogger(config)): DynamicModule {
    return {
      module: PlatformModule,
      imports: [LogModule.forRoot(log)],
      providers: PROVIDERS,
      exports: PROVIDERS,
    };
  }
}
