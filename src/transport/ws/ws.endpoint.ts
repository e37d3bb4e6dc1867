import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type WebSocket, WebSocketServer } from 'ws';
import { Config } from '../../config/config.js';
import { GatewayError } from '../../kernel/errors.js';
import type { CallId } from '../../kernel/ids.js';
import { errorObject, errorText } from '../../kernel/jsonrpc.js';
import { Entrance } from '../http/entrance.js';
import type { Exchange } from '../http/exchange.js';
import { Intake } from '../http/intake.js';
import type { ClientPipe, PipeOwner } from '../pipe/client-pipe.js';
import { PipeOpener } from '../pipe/pipe-opener.js';
import { chooseProtocol, handshakeAuthorization } from './ws-credential.js';
import { WsOutlet } from './ws-outlet.js';

/** What node leaves of a connection that asks to be another protocol's. */
export interface Upgrade {
  readonly socket: Duplex;
  /** Bytes that came after the request. */
  readonly head: Buffer;
}

/** A WebSocket, and the connection below it. */
interface Opened {
  readonly socket: WebSocket;
  readonly line: Socket;
}

/** As API.md §3.5 has it: who cannot be read is told no more. */
const PARSE_ERROR = errorText(null, '{"code":-32700,"message":"Parse error"}');

/** `/ws` and `/servers/{id}/ws`: one message a text frame, the socket is the session (PROTOCOL.md §10.1). */
@Injectable()
export class WsEndpoint {
  private readonly handshake: WebSocketServer;

  constructor(
    private readonly intake: Intake,
    private readonly entrance: Entrance,
    private readonly opener: PipeOpener,
    private readonly config: Config,
  ) {
    this.handshake = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: config.maxRequestSizeBytes,
      handleProtocols: chooseProtocol,
    });
  }

  /** A request that wants no upgrade. */
  handle(_exchange: Exchange, failed: (error: unknown) => void): void {
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade' };
    failed(new GatewayError('upgrade_required', {}, { headers }));
  }

  /**
   * Credential and Server are looked at before the 101, so that no page of a foreign origin and no
   * stranger ever has a socket.
   */
  upgrade(exchange: Exchange, upgrade: Upgrade, failed: (error: unknown) => void): void {
    this.admit(exchange, upgrade).catch(failed);
  }

  private async admit(exchange: Exchange, upgrade: Upgrade): Promise<void> {
    const { req, res, route, ip, head } = exchange;
    const authorization = handshakeAuthorization(
      head.authorization,
      req.headers['sec-websocket-protocol'],
      req.url ?? '',
      this.config.mcpgatewayWsQueryToken,
    );
    const caller = await this.intake.authenticate({
      ...exchange,
      head: { ...head, authorization },
    });
    const serverId = this.entrance.enter(route, caller);
    this.opener.requireRoom(caller);
    if (upgrade.socket.destroyed) return;
    res.detachSocket(req.socket);
    this.handshake.handleUpgrade(req, upgrade.socket, upgrade.head, (socket) => {
      const owner: PipeOwner = { transport: 'ws', caller, serverId, ip };
      this.open({ socket, line: req.socket }, exchange.callId, owner);
    });
  }

  private open({ socket, line }: Opened, handshakeId: CallId, owner: PipeOwner): void {
    const outlet = new WsOutlet(socket, line, {
      pingIntervalMs: this.config.websocketPingIntervalMs,
      maxQueueBytes: this.config.streamQueueMaxBytes,
      stallMs: this.config.stallTimeoutMs,
    });
    // What is wrong with a frame has closed the socket with its code already.
    socket.on('error', () => undefined);
    const opened = this.opener.open(owner, outlet);
    const { pipe } = opened;
    socket.on('close', () => {
      opened.closed();
    });
    let count = 0;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) outlet.end('binary');
      else if (socket.readyState === socket.OPEN)
        receive(pipe, data, `${handshakeId}.${(++count).toString(36)}` as CallId);
    });
  }
}

function receive(pipe: ClientPipe, data: Buffer, callId: CallId): void {
  try {
    const { caller } = pipe.owner;
    void pipe.take({ text: data.toString('utf8'), bytes: data.length, callId, caller });
  } catch (e) {
    if (!(e instanceof GatewayError)) pipe.close('internal');
    else if (e.code === 'parse_error') pipe.send(PARSE_ERROR);
    else pipe.send(errorText(e.extras.rpcId ?? null, errorObject(e, callId, false)));
  }
}

/** Whether a request asks to become a WebSocket. */
export function isWebSocketUpgrade(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket';
}
