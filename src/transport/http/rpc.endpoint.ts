import { Injectable } from '@nestjs/common';
import type { ClientView } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { type Message, parseMessage } from '../../kernel/jsonrpc.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import { MethodTable } from '../../protocol/methods/method-table.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { CallRunner } from './call-runner.js';
import type { Exchange, Posted } from './exchange.js';
import { Incoming } from './incoming.js';
import { Intake } from './intake.js';
import { Answers } from './answer.js';

const NO_SESSION: ClientView = {
  era: 'legacy',
  revision: LATEST_LEGACY,
  sessionId: null,
  capabilities: '{}',
  clientInfo: null,
  logLevel: null,
};

/** `/rpc`: plain JSON-RPC, stateless, one message per request (API.md §3.1). */
@Injectable()
export class RpcEndpoint {
  constructor(
    private readonly intake: Intake,
    private readonly runner: CallRunner,
    private readonly incoming: Incoming,
    private readonly methods: MethodTable,
    private readonly catalog: CatalogService,
    private readonly answers: Answers,
  ) {}

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    if (exchange.req.method === 'POST')
      this.intake.post(
        exchange,
        'json',
        (posted) => {
          this.post(posted);
        },
        failed,
      );
    else
      failed(
        new GatewayError('method_not_allowed', { allowed: 'POST' }, { headers: { Allow: 'POST' } }),
      );
  }

  private post(posted: Posted): void {
    const message = this.translate(parseMessage(posted.text), posted);
    const serverId = this.narrow(message, posted);
    if (message.kind === 'request')
      this.runner.run(posted, {
        message,
        serverId,
        transport: 'rpc',
        client: NO_SESSION,
        mutedClient: NO_SESSION,
      });
    else {
      this.incoming.take(message, { client: NO_SESSION, caller: posted.caller, serverId });
      this.answers.sendEmpty(posted.res, 202, posted.headers);
    }
  }

  /** Older clients name the tool where the method stands, and say `list_tools` (API.md §3.3). */
  private translate(message: Message, posted: Posted): Message {
    const { method, kind, top } = message;
    if (kind !== 'request' || this.methods.has(method)) return message;
    if (method === 'list_tools') return { ...message, method: 'tools/list' };
    if (!this.isTool(method, posted)) return message;
    const params = `"name":${JSON.stringify(method)},"arguments":${top.raw('params') ?? '{}'}`;
    const id = message.id ?? 'null';
    return parseMessage(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{${params}}}`);
  }

  private isTool(name: string, { caller }: Posted): boolean {
    try {
      this.catalog.view(caller, null).tool(name);
      return true;
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      return e.code !== 'tool_not_found';
    }
  }

  private narrow(message: Message, { caller }: Posted): ServerId | null {
    const name = message.params?.string('server_id');
    if (name === undefined) return null;
    const server = this.catalog.findServer(name, caller);
    if (server !== undefined) return server.id;
    throw new GatewayError(
      'server_not_found',
      { name },
      message.id === null ? {} : { rpcId: message.id },
    );
  }
}
