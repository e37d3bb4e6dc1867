import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { ClientView } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { type Message, parseMessage } from '../../kernel/jsonrpc.js';
import {
  BATCH_REVISION,
  LATEST_LEGACY,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
  isModernRevision,
  isRevision,
} from '../../kernel/mcp.js';
import { classify } from '../../protocol/era/classify.js';
import { Sessions } from '../../protocol/session/sessions.js';
import { McpBatch } from './mcp-batch.js';
import { CallRunner, type Runnable } from './call-runner.js';
import type { Posted } from './exchange.js';
import { Incoming } from './incoming.js';
import { ModernPost } from './modern-post.js';
import { named } from './named-error.js';

interface Client {
  readonly client: ClientView;
  readonly mutedClient: ClientView;
}

/** One POST on an MCP endpoint: a request, a notification, a response, or an old batch of them. */
@Injectable()
export class McpPost {
  constructor(
    private readonly sessions: Sessions,
    private readonly incoming: Incoming,
    private readonly runner: CallRunner,
    private readonly batches: McpBatch,
    private readonly modern: ModernPost,
    private readonly config: Config,
  ) {}

  /** @throws GatewayError what precedes the call: envelope, session, revision */
  handle(posted: Posted, serverId: ServerId | null): void {
    if (isArray(posted.text)) {
      this.batch(posted, serverId);
      return;
    }
    const message = parseMessage(posted.text);
    try {
      this.route(posted, serverId, message);
    } catch (e) {
      throw e instanceof GatewayError && message.kind === 'request' ? named(e, message) : e;
    }
  }

  private route(posted: Posted, serverId: ServerId | null, message: Message): void {
    const modern = classify(message, posted.head.protocolVersion);
    if (modern !== null) {
      this.modern.run(posted, { message, serverId, client: modern, transport: 'http' });
      return;
    }
    checkVersion(posted.head.protocolVersion);
    const client = this.client(posted, serverId, message.method === 'initialize');
    if (message.kind === 'request') {
      const { client: asked, mutedClient } = client;
      this.runner.run(posted, { message, serverId, transport: 'http', client: asked, mutedClient });
      return;
    }
    this.incoming.post(posted, message, { client: client.client, caller: posted.caller, serverId });
  }

  private batch(posted: Posted, serverId: ServerId | null): void {
    const { protocolVersion } = posted.head;
    if (protocolVersion !== undefined && isModernRevision(protocolVersion)) throw noBatch();
    checkVersion(protocolVersion);
    const client = this.client(posted, serverId, false);
    if (client.client.sessionId === null || client.client.revision !== BATCH_REVISION)
      throw noBatch();
    const base: Omit<Runnable, 'message'> = { serverId, transport: 'http', ...client };
    this.batches.run(posted, base);
  }

  /** A session header beside `initialize` is ignored: a client that lost its way starts again. */
  private client(posted: Posted, serverId: ServerId | null, isInitialize: boolean): Client {
    const { sessionId, protocolVersion } = posted.head;
    if (sessionId !== undefined && !isInitialize) {
      const session = this.sessions.open(sessionId, posted.caller, serverId);
      return { client: session.view, mutedClient: session.mutedView };
    }
    if (!isInitialize && this.config.useStatefulSessions)
      throw new GatewayError('missing_session_id');
    const revision =
      protocolVersion !== undefined && isRevision(protocolVersion)
        ? protocolVersion
        : LATEST_LEGACY;
    const client: ClientView = {
      era: 'legacy',
      revision,
      sessionId: null,
      capabilities: '{}',
      clientInfo: null,
      logLevel: null,
    };
    return { client, mutedClient: client };
  }
}

function noBatch(): GatewayError {
  return new GatewayError('invalid_request', { reason: 'batches are not allowed here' });
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || isRevision(version)) return;
  const supported = [...MODERN_REVISIONS, ...LEGACY_REVISIONS];
  throw new GatewayError(
    'unsupported_protocol_version',
    {},
    { data: { supported, requested: version.slice(0, 64) } },
  );
}

function isArray(text: string): boolean {
  return /^\s*\[/.test(text);
}
