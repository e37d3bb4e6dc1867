import { Module } from '@nestjs/common';
import { StoreModule } from '../store/store.module.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogService } from './catalog.service.js';
import { GatewayItems } from './gateway-items.service.js';
import { GatewayRules } from './gateway-rules.service.js';
import { GatewaySecrets } from './gateway-secrets.service.js';
import { GatewaysService } from './gateways.service.js';
import { MirroredArguments } from './mirrored-arguments.service.js';
import { OwnInstance } from './own-instance.service.js';
import { PersonLogins } from './person-logins.service.js';
import { PromptsService } from './prompts.service.js';
import { ResourcesService } from './resources.service.js';
import { SchemaThread } from './schema/schema-thread.js';
import { SchemasService } from './schema/schemas.service.js';
import { ServersService } from './servers.service.js';
import { ToolsService } from './tools.service.js';

@Module({
  imports: [StoreModule],
  providers: [
    CatalogChanges,
    CatalogService,
    GatewayItems,
    GatewayRules,
    GatewaySecrets,
    GatewaysService,
    MirroredArguments,
    OwnInstance,
    PersonLogins,
    PromptsService,
    ResourcesService,
    SchemasService,
    { provide: SchemaThread, useFactory: () => new SchemaThread() },
    ServersService,
    ToolsService,
  ],
  exports: [
    CatalogService,
    GatewaysService,
    MirroredArguments,
    OwnInstance,
    PersonLogins,
    PromptsService,
    ResourcesService,
    ServersService,
    ToolsService,
  ],
})
export class RegistryModule {}
