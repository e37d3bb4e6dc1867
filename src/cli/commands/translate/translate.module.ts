import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../../../audit/audit.module.js';
import { AuthModule } from '../../../auth/auth.module.js';
import type { Config } from '../../../config/config.js';
import { ConfigModule } from '../../../config/config.module.js';
import { FederationModule } from '../../../federation/federation.module.js';
import { LimitsModule } from '../../../limits/limits.module.js';
import type { Log } from '../../../platform/log/log.js';
import { PlatformModule } from '../../../platform/platform.module.js';
import { ProtocolModule } from '../../../protocol/protocol.module.js';
import { RegistryModule } from '../../../registry/registry.module.js';
import { StoreModule } from '../../../store/store.module.js';
import { TransportModule } from '../../../transport/transport.module.js';
import { UpstreamsModule } from '../../../upstreams/upstreams.module.js';

/** The data plane of the house, without what people manage it by. */
@Module({})
export class TranslateModule {
  static forRoot(config: Config, log: Log): DynamicModule {
    return {
      module: TranslateModule,
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
      ],
    };
  }
}
