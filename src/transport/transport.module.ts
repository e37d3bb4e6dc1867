import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ProtocolModule } from '../protocol/protocol.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { HttpAdapter } from './http.adapter.js';
import { Endpoints } from './endpoints.js';
import { Answers } from './http/answer.js';
import { CallRunner } from './http/call-runner.js';
import { EndEndpoint } from './http/end.endpoint.js';
import { Entrance } from './http/entrance.js';
import { EventRings } from './http/event-rings.registry.js';
import { Incoming } from './http/incoming.js';
import { Intake } from './http/intake.js';
import { ListenEndpoint } from './http/listen.endpoint.js';
import { McpBatch } from './http/mcp-batch.js';
import { McpPost } from './http/mcp-post.js';
import { McpEndpoint } from './http/mcp.endpoint.js';
import { PlainEndpoint } from './http/plain.endpoint.js';
import { ModernPost } from './http/modern-post.js';
import { RpcEndpoint } from './http/rpc.endpoint.js';
import { PipeOpener } from './pipe/pipe-opener.js';
import { PipeWatch } from './pipe/pipe-watch.js';
import { MessageEndpoint } from './sse/message.endpoint.js';
import { PairEndpoint } from './sse/pair.endpoint.js';
import { SseEndpoint } from './sse/sse.endpoint.js';
import { SseSessions } from './sse/sse-sessions.registry.js';
import { StdioEndpoint } from './stdio/stdio.endpoint.js';
import { WsEndpoint } from './ws/ws.endpoint.js';

@Module({
  imports: [AuthModule, ProtocolModule, RegistryModule],
  providers: [
    Answers,
    CallRunner,
    EndEndpoint,
    Endpoints,
    Entrance,
    EventRings,
    HttpAdapter,
    Incoming,
    Intake,
    ListenEndpoint,
    McpBatch,
    McpEndpoint,
    McpPost,
    MessageEndpoint,
    PairEndpoint,
    PipeOpener,
    PipeWatch,
    PlainEndpoint,
    ModernPost,
    RpcEndpoint,
    SseEndpoint,
    SseSessions,
    StdioEndpoint,
    WsEndpoint,
  ],
  exports: [HttpAdapter, StdioEndpoint],
})
export class TransportModule {}
