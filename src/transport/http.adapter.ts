import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { clientAddress } from '../auth/client-address.js';
import { Config } from '../config/config.js';
import { canonicalUrl } from '../kernel/canonical-url.js';
import { GatewayError, knownError } from '../kernel/errors.js';
import type { CallId } from '../kernel/ids.js';
import { corsHeaders, preflightHeaders } from '../kernel/response-headers.js';
import { Log } from '../platform/log/log.js';
import { Endpoints, METHODS_OF } from './endpoints.js';
import { Answers } from './http/answer.js';
import { drainRest } from './http/drain-rest.js';
import { checkEdge } from './http/edge-check.js';
import type { Exchange } from './http/exchange.js';
import { type Head, readHead } from './http/head.js';
import { HostRules } from './http/host-rules.js';
import { type DataRoute, dataRoute } from './http/route.js';
import { responseOn, withoutUpgrade } from './upgrades.js';
import { type Upgrade, isWebSocketUpgrade } from './ws/ws.endpoint.js';

type RequestListener = (req: IncomingMessage, res: ServerResponse) => void;

const NOWHERE: DataRoute = { endpoint: 'mcp', server: null, serverId: null };
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * Splits the planes: MCP endpoints are served here, on node's own server, before Express sees them.
 * The edge check stands in front of both (SECURITY.md §1.1).
 */
@Injectable()
export class HttpAdapter {
  private readonly rules: HostRules;
  private readonly idPrefix: string;
  private counter = 0;

  constructor(
    private readonly config: Config,
    private readonly endpoints: Endpoints,
    private readonly log: Log,
    private readonly answers: Answers,
  ) {
    this.rules = new HostRules(config);
    this.idPrefix = `${Date.now().toString(36)}${process.pid.toString(36)}-`;
  }

  /** Puts itself before the listeners that the server has. */
  attach(server: Server): void {
    const control = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      this.take(req, res, control);
    });
    server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      this.upgrade(server, req, { socket, head });
    });
    // Without a listener node would leave the socket to nobody.
    server.on('connect', (_req, socket) => {
      socket.destroy();
    });
  }

  /** Only a WebSocket at its own address is upgraded; all else is a request like any other. */
  private upgrade(server: Server, req: IncomingMessage, upgrade: Upgrade & { socket: Socket }) {
    const route = dataRoute(req.url ?? '', this.config.appRootPath);
    if (route?.endpoint !== 'ws' || !isWebSocketUpgrade(req)) {
      withoutUpgrade(server, req, upgrade.socket, upgrade.head);
      return;
    }
    // Node has taken its own listener away: without one, a reset would end the process.
    upgrade.socket.on('error', () => upgrade.socket.destroy());
    const res = responseOn(req);
    const head = readHead(req);
    try {
      checkEdge(req, head, this.rules);
    } catch (e) {
      this.refused(req, res, head, { route, error: e });
      return;
    }
    const exchange = this.exchange(req, res, head, route);
    this.endpoints.upgrade(exchange, upgrade, (error) => {
      this.failed(exchange, error);
    });
  }

  private take(req: IncomingMessage, res: ServerResponse, control: RequestListener[]): void {
    const head = readHead(req);
    const route = dataRoute(req.url ?? '', this.config.appRootPath);
    try {
      checkEdge(req, head, this.rules);
    } catch (e) {
      this.refused(req, res, head, { route, error: e });
      return;
    }
    if (route === undefined) for (const listener of control) listener(req, res);
    else this.data(this.exchange(req, res, head, route));
  }

  private data(exchange: Exchange): void {
    if (exchange.req.method === 'OPTIONS') {
      this.preflight(exchange);
      return;
    }
    const failed = (error: unknown): void => {
      this.failed(exchange, error);
    };
    try {
      this.endpoints.handle(exchange, failed);
    } catch (e) {
      failed(e);
    }
  }

  private exchange(
    req: IncomingMessage,
    res: ServerResponse,
    head: Head,
    route: DataRoute,
  ): Exchange {
    const given = head.requestId;
    const callId = (
      given !== undefined && REQUEST_ID.test(given)
        ? given
        : this.idPrefix + (++this.counter).toString(36)
    ) as CallId;
    const headers = ['x-request-id', callId as string];
    if (head.origin !== undefined) headers.push(...corsHeaders(head.origin).flat());
    const { trustedProxies } = this.config;
    const ip =
      trustedProxies.length === 0
        ? plainAddress(req.socket.remoteAddress)
        : clientAddress(req, trustedProxies);
    return { req, res, head, route, callId, ip, headers };
  }

  /** Origins that are not allowed have been refused by the edge check. */
  private preflight(exchange: Exchange): void {
    const { head, req, res, headers } = exchange;
    if (head.origin === undefined) {
      const allowed = METHODS_OF[exchange.route.endpoint];
      this.answers.sendEmpty(res, 204, [...headers, 'allow', allowed]);
      return;
    }
    const asked = req.headers['access-control-request-headers'];
    this.answers.sendEmpty(res, 204, [...headers, ...preflightHeaders(asked).flat()]);
  }

  private failed(exchange: Exchange, error: unknown): void {
    const { res, callId: requestId, route, headers } = exchange;
    const known = knownError(error, requestId);
    if (known.code === 'internal_error')
      this.log.error({ event: 'request.failed', requestId, err: known.cause });
    if (res.destroyed) return;
    if (route.endpoint === 'plain') {
      this.problem(exchange, known);
      return;
    }
    const isRpc = route.endpoint === 'rpc';
    const more = headers.concat(drainRest(exchange.req));
    this.answers.sendError(res, known, { requestId, isRpc, headers: more });
  }

  private refused(
    req: IncomingMessage,
    res: ServerResponse,
    head: Head,
    { route, error }: { route: DataRoute | undefined; error: unknown },
  ): void {
    // A foreign origin gets no CORS header: it is not meant to read even the refusal.
    const bare = { ...head, origin: undefined };
    this.refuse(this.exchange(req, res, bare, route ?? NOWHERE), route !== undefined, error);
  }

  /** What the edge check refused: JSON-RPC on the data plane, a problem document elsewhere. */
  private refuse(exchange: Exchange, isData: boolean, error: unknown): void {
    if (isData || !(error instanceof GatewayError)) {
      this.failed(exchange, error);
      return;
    }
    this.problem(exchange, error);
  }

  private problem({ req, res, callId, headers }: Exchange, error: GatewayError): void {
    const [path = ''] = (req.url ?? '').split('?');
    // The rest of a body that was not read would be taken for the next request.
    const more = req.complete ? headers : [...headers, 'connection', 'close'];
    const route = canonicalUrl(path, this.config.appRootPath);
    this.answers.sendProblem(res, error, { path, route, requestId: callId, headers: more });
  }
}

/** An IPv4 address that came over a dual-stack socket is an IPv4 address. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
