import { Module, type OnModuleInit } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { DriverRegistry } from './driver.registry.js';
import { Invoker } from './invoker.js';
import { BuiltInKinds } from './mcp/built-in-kinds.js';
import { ConnectionKindRegistry } from './mcp/connection-kind.registry.js';
import { ConnectionPool } from './mcp/connection.pool.js';
import { Dialer } from './mcp/dialer.js';
import { Eras } from './mcp/eras.service.js';
import { HttpConnections } from './mcp/http.connection.js';
import { McpDriver } from './mcp/mcp.driver.js';
import { ProcessOutputs } from './mcp/process-outputs.service.js';
import { ProcessRoom } from './mcp/process-room.service.js';
import { SseConnections } from './mcp/sse.connection.js';
import { StdioConnections } from './mcp/stdio.connection.js';
import { WsConnections } from './mcp/ws.connection.js';
import { LoginLinks } from './oauth/login-links.service.js';
import { LoginStore } from './oauth/login-store.service.js';
import { Logins } from './oauth/logins.service.js';
import { OAuthClient } from './oauth/oauth-client.service.js';
import { PersonLogin } from './oauth/person-login.service.js';

@Module({
  imports: [RegistryModule],
  providers: [
    DriverRegistry,
    Invoker,
    BuiltInKinds,
    ConnectionKindRegistry,
    ConnectionPool,
    Dialer,
    Eras,
    HttpConnections,
    SseConnections,
    StdioConnections,
    WsConnections,
    McpDriver,
    ProcessOutputs,
    ProcessRoom,
    LoginLinks,
    LoginStore,
    Logins,
    OAuthClient,
    PersonLogin,
  ],
  exports: [
    Invoker,
    Dialer,
    ConnectionPool,
    DriverRegistry,
    ProcessOutputs,
    ProcessRoom,
    LoginLinks,
    Logins,
    OAuthClient,
    PersonLogin,
  ],
})
export class UpstreamsModule implements OnModuleInit {
  constructor(
    private readonly drivers: DriverRegistry,
    private readonly kinds: ConnectionKindRegistry,
    private readonly mcp: McpDriver,
    private readonly builtIn: BuiltInKinds,
  ) {}

  onModuleInit(): void {
    for (const kind of this.builtIn.all) this.kinds.register(kind);
    this.drivers.register(this.mcp);
  }
}
