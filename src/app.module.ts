import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiModule } from './api/api.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AccessGuard } from './auth/access.guard.js';
import { AuthGuard } from './auth/auth.guard.js';
import { AuthModule } from './auth/auth.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { FederationModule } from './federation/federation.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { OpsModule } from './ops/ops.module.js';
import type { Log } from './platform/log/log.js';
import { PlatformModule } from './platform/platform.module.js';
import { ProtocolModule } from './protocol/protocol.module.js';
import { RegistryModule } from './registry/registry.module.js';
import { StoreModule } from './store/store.module.js';
import { TransportModule } from './transport/transport.module.js';
import { UpstreamsModule } from './upstreams/upstreams.module.js';

/** The whole house. Guards of the control plane run in this order: who asks, then what they may. */
@Module({})
export class AppModule {
  static forRoot(config: Config, log: Log): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        PlatformModule.forRoot(config, log),
        StoreModule,
        AuthModule,
        LimitsModule,
        AuditModule,
        RegistryModule,
        UpstreamsModule,
        FederationModule,
        ProtocolModule,
        TransportModule,
        ApiModule,
        OpsModule,
      ],
      providers: [
        { provide: APP_GUARD, useExisting: AuthGuard },
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
    };
  }
}
