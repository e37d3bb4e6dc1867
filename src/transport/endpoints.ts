import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { GatewayError } from '../kernel/errors.js';
import type { Exchange } from './http/exchange.js';
import { McpEndpoint } from './http/mcp.endpoint.js';
import { PlainEndpoint } from './http/plain.endpoint.js';
import type { EndpointName } from './http/route.js';
import { RpcEndpoint } from './http/rpc.endpoint.js';
import { PairEndpoint } from './sse/pair.endpoint.js';
import { type Upgrade, WsEndpoint } from './ws/ws.endpoint.js';

interface Endpoint {
  /** @param failed takes what was thrown, also later */
  handle(exchange: Exchange, failed: (error: unknown) => void): void;
}

/** What TRANSPORT_TYPE calls each (API.md §8.4). */
const FAMILY: Readonly<Record<EndpointName, string>> = {
  mcp: 'streamablehttp',
  rpc: 'http',
  plain: 'http',
  sse: 'sse',
  message: 'sse',
  ws: 'ws',
};

/** What an OPTIONS without Origin is told. */
export const METHODS_OF: Readonly<Record<EndpointName, string>> = {
  mcp: 'GET, POST, DELETE',
  rpc: 'POST',
  plain: 'POST',
  sse: 'GET',
  message: 'POST',
  ws: 'GET',
};

/** The endpoints of the data plane; families that are switched off are as absent as unknown paths. */
@Injectable()
export class Endpoints {
  private readonly served: Readonly<Record<EndpointName, Endpoint | null>>;

  constructor(
    config: Config,
    mcp: McpEndpoint,
    rpc: RpcEndpoint,
    plain: PlainEndpoint,
    pair: PairEndpoint,
    private readonly ws: WsEndpoint,
  ) {
    const { transportType } = config;
    const isOn = (name: EndpointName): boolean =>
      transportType.includes('all') || transportType.includes(FAMILY[name]);
    this.served = {
      mcp: isOn('mcp') ? mcp : null,
      rpc: isOn('rpc') ? rpc : null,
      plain: isOn('plain') ? plain : null,
      sse: isOn('sse') ? pair : null,
      message: isOn('message') ? pair : null,
      ws: isOn('ws') ? ws : null,
    };
  }

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    const endpoint = this.served[exchange.route.endpoint];
    if (endpoint === null) failed(absent(exchange));
    else endpoint.handle(exchange, failed);
  }

  /** A request that asks to become a WebSocket. */
  upgrade(exchange: Exchange, upgrade: Upgrade, failed: (error: unknown) => void): void {
    if (this.served.ws === null) failed(absent(exchange));
    else this.ws.upgrade(exchange, upgrade, failed);
  }
}

function absent({ req }: Exchange): GatewayError {
  const [path = ''] = (req.url ?? '').split('?');
  return new GatewayError('route_not_found', { method: req.method ?? '', path });
}
