import { Injectable } from '@nestjs/common';
import type { Call, ClientFacts } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { isLogLevel, negotiate } from '../../kernel/mcp.js';
import { Config } from '../../config/config.js';
import { Log } from '../../platform/log/log.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { OwnInstance } from '../../registry/own-instance.service.js';
import {
  bridgedCapabilities,
  MAX_EXTENSIONS,
  MAX_SEALED_EXTENSIONS,
  shortClientInfo,
} from '../session/client-facts.js';
import { ListMarking } from '../session/list-marks.js';
import { Sessions } from '../session/sessions.js';
import { offeredTo } from './offered.js';
import type { Handled, Handlers } from './registry.js';

@Injectable()
export class SessionMethods {
  constructor(
    private readonly sessions: Sessions,
    private readonly catalog: CatalogService,
    private readonly config: Config,
    private readonly log: Log,
    private readonly marking: ListMarking,
    private readonly own: OwnInstance,
  ) {}

  handlers(): Handlers {
    return {
      initialize: (call) => this.initialize(call),
      ping: () => '{}',
      'logging/setLevel': (call) => this.setLevel(call),
    };
  }

  private initialize(call: Call): Handled {
    const params = call.message.params;
    const asked = params?.string('protocolVersion') ?? params?.string('protocol_version');
    if (params === null || asked === undefined)
      throw new GatewayError('missing_parameter', { what: 'protocolVersion' });
    const view = this.catalog.view(call.caller, call.serverId);
    const revision = negotiate(asked, this.config.protocolVersion);
    const hasSession = call.channel.transport === 'http' && this.config.useStatefulSessions;
    const result = JSON.stringify({
      protocolVersion: revision,
      capabilities: offeredTo(revision, view.gateways),
      serverInfo: this.own.serverInfo,
      ...(view.instructions === null ? {} : { instructions: view.instructions }),
    });
    const facts: ClientFacts = {
      revision,
      capabilities: bridgedCapabilities(
        params.raw('capabilities'),
        hasSession ? MAX_SEALED_EXTENSIONS : MAX_EXTENSIONS,
        (extensions) => {
          this.log.info({ event: 'session.extensions_dropped', extensions });
        },
      ),
      clientInfo: shortClientInfo(params.raw('clientInfo')),
    };
    call.channel.joined?.(facts);
    if (!hasSession) return { result, headers: {} };
    const { caller, serverId } = call;
    const id = this.sessions.create({
      caller,
      serverId,
      ...facts,
      seen: this.marking.of(view),
    });
    return { result, headers: { 'Mcp-Session-Id': id } };
  }

  /** This session's threshold only; without a session there is nothing to keep it in. */
  private setLevel(call: Call): string {
    const level = call.message.params?.string('level');
    if (!isLogLevel(level))
      throw new GatewayError('invalid_params', { reason: `unknown log level '${level ?? ''}'` });
    if (call.client.sessionId !== null) this.sessions.setLevel(call.client.sessionId, level);
    return '{}';
  }
}
