import { Module, type OnModuleInit } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { DriverRegistry } from './driver.registry.js';
import { Invoker } from './invoker.js';
import { ConnectionKindRegistry } from './mcp/connection-kind.registry.js';
import { ConnectionPool } from './mcp/connection.pool.js';
import { Dialer } from './mcp/dialer.js';
import { Eras } from './mcp/eras.service.js';
import { HttpConnections } from './mcp/http.connection.js';
import { McpDriver } from './mcp/mcp.driver.js';
import { SseConnections } from './mcp/sse.connection.js';
import { StdioConnections } from './mcp/stdio.connection.js';

@Module({
  imports: [RegistryModule],
  providers: [
    DriverRegistry,
    Invoker,
    ConnectionKindRegistry,
    ConnectionPool,
    Dialer,
    Eras,
    HttpConnections,
    SseConnections,
    StdioConnections,
    McpDriver,
  ],
  exports: [Invoker, Dialer, ConnectionPool, DriverRegistry],
})
export class UpstreamsModule implements OnModuleInit {
  constructor(
    private readonly drivers: DriverRegistry,
    private readonly kinds: ConnectionKindRegistry,
    private readonly mcp: McpDriver,
    private readonly http: HttpConnections,
    private readonly sse: SseConnections,
    private readonly stdio: StdioConnections,
  ) {}

  onModuleInit(): void {
    for (const kind of [this.http, this.sse, this.stdio]) this.kinds.register(kind);
    this.drivers.register(this.mcp);
  }
}
