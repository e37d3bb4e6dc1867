import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { FederationModule } from '../federation/federation.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { CachedReads } from './cached-reads.js';
import { PolicyChain } from './chain.js';
import { ClientRequests } from './client-requests.js';
import { CoreTasks } from './core-tasks.js';
import { TaskNotices } from './task-notices.js';
import { Dispatcher } from './dispatcher.js';
import { InputLoop } from './era/bridge/input-loop.js';
import { ModernClients } from './era/bridge/modern-clients.js';
import { Parks } from './era/bridge/parks.js';
import { StateSeals } from './era/bridge/state-seals.js';
import { TaskDrive } from './era/bridge/task-drive.js';
import { TaskSeals } from './era/bridge/task-seals.js';
import { InFlight } from './in-flight.js';
import { LoginQuestions } from './login-questions.js';
import { Legs } from './legs.js';
import { Listeners } from './listeners.js';
import { GatewaysMethods } from './methods/gateways.methods.js';
import { Listens } from './era/listens.js';
import { OwnResults } from './era/own-results.js';
import { DiscoverMethods } from './methods/discover.methods.js';
import { Lists } from './methods/lists.js';
import { MethodTable } from './methods/method-table.js';
import { ModernMethods } from './methods/modern.methods.js';
import { PromptsMethods } from './methods/prompts.methods.js';
import { ResourcesMethods } from './methods/resources.methods.js';
import { SessionMethods } from './methods/session.methods.js';
import { SubscriptionsMethods } from './methods/subscriptions.methods.js';
import { TasksMethods } from './methods/tasks.methods.js';
import { ToolsMethods } from './methods/tools.methods.js';
import { UpwardCalls } from './methods/upward.js';
import { VendorMethods } from './methods/vendor.methods.js';
import { ResourceSubscriptions } from './resource-subscriptions.js';
import { HeldSessions } from './session/held.js';
import { Owners } from './session/owners.js';
import { ListMarking } from './session/list-marks.js';
import { SessionEnd } from './session/session-end.js';
import { SessionReaper } from './session/session-reaper.service.js';
import { Sessions } from './session/sessions.js';

@Module({
  imports: [
    AuditModule,
    AuthModule,
    FederationModule,
    LimitsModule,
    RegistryModule,
    UpstreamsModule,
  ],
  providers: [
    CachedReads,
    ClientRequests,
    DiscoverMethods,
    Dispatcher,
    GatewaysMethods,
    HeldSessions,
    InFlight,
    InputLoop,
    Legs,
    ListMarking,
    Listeners,
    LoginQuestions,
    Listens,
    Lists,
    MethodTable,
    ModernClients,
    ModernMethods,
    Parks,
    OwnResults,
    Owners,
    PolicyChain,
    PromptsMethods,
    ResourceSubscriptions,
    ResourcesMethods,
    SessionEnd,
    SessionMethods,
    SessionReaper,
    Sessions,
    StateSeals,
    SubscriptionsMethods,
    CoreTasks,
    TaskDrive,
    TaskNotices,
    TaskSeals,
    TasksMethods,
    ToolsMethods,
    UpwardCalls,
    VendorMethods,
  ],
  exports: [
    Listens,
    ClientRequests,
    Dispatcher,
    InFlight,
    Listeners,
    MethodTable,
    Owners,
    ResourceSubscriptions,
    SessionEnd,
    Sessions,
  ],
})
export class ProtocolModule {}
