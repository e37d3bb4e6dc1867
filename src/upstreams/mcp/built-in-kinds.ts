import { Injectable } from '@nestjs/common';
import type { ConnectionKind } from './connection.js';
import { HttpConnections } from './http.connection.js';
import { SseConnections } from './sse.connection.js';
import { StdioConnections } from './stdio.connection.js';
import { WsConnections } from './ws.connection.js';

/** The ways of speaking to MCP servers that come with the gateway. */
@Injectable()
export class BuiltInKinds {
  readonly all: readonly ConnectionKind[];

  constructor(
    http: HttpConnections,
    sse: SseConnections,
    stdio: StdioConnections,
    ws: WsConnections,
  ) {
    this.all = [http, sse, stdio, ws];
  }
}
