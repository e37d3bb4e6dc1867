import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { AuditMetadataInterceptor } from '../audit/metadata.interceptor.js';
import { FederationModule } from '../federation/federation.module.js';
import { ProtocolModule } from '../protocol/protocol.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import { EntityMetrics } from './entity-metrics.service.js';
import { GatewayLookup } from './gateway-lookup.service.js';
import { ConnectivityController } from './gateways/connectivity.controller.js';
import { Connectivity } from './gateways/connectivity.service.js';
import { GatewayDoor } from './gateways/gateway-door.service.js';
import { GatewayWatch } from './gateways/gateway-watch.service.js';
import { GatewaysController } from './gateways/gateways.controller.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { ItemReadsController } from './item-reads.controller.js';
import { ItemReads } from './item-reads.service.js';
import { LoginDoor } from './oauth/login-door.service.js';
import { LoginPage } from './oauth/login-page.service.js';
import { LoginsController } from './oauth/logins.controller.js';
import { OwnLoginsController } from './oauth/own-logins.controller.js';
import { OwnLogins } from './oauth/own-logins.service.js';
import { ProblemFilter } from './problem.filter.js';
import { PromptDoor } from './prompts/prompt-door.service.js';
import { PromptsController } from './prompts/prompts.controller.js';
import { ResourceDoor } from './resources/resource-door.service.js';
import { ResourcesController } from './resources/resources.controller.js';
import { ServerDoor } from './servers/server-door.service.js';
import { ServerItems } from './servers/server-items.service.js';
import { ServersController } from './servers/servers.controller.js';
import { UpstreamReads } from './upstream-reads.service.js';
import { ToolDoor } from './tools/tool-door.service.js';
import { ToolsController } from './tools/tools.controller.js';

/** The REST API; its filter and interceptors hold for every route of the control plane. */
@Module({
  imports: [
    AuditModule,
    AuthModule,
    FederationModule,
    ProtocolModule,
    RegistryModule,
    UpstreamsModule,
  ],
  controllers: [
    ConnectivityController,
    GatewaysController,
    ItemReadsController,
    LoginsController,
    OwnLoginsController,
    PromptsController,
    ResourcesController,
    ServersController,
    ToolsController,
  ],
  providers: [
    Connectivity,
    EntityMetrics,
    GatewayDoor,
    GatewayLookup,
    GatewayWatch,
    ItemReads,
    LoginDoor,
    LoginPage,
    OwnLogins,
    PromptDoor,
    ResourceDoor,
    ServerDoor,
    ServerItems,
    ToolDoor,
    UpstreamReads,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_INTERCEPTOR, useExisting: AuditMetadataInterceptor },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
  ],
})
export class ApiModule {}
