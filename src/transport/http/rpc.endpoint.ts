import { Injectable } from '@nestjs/common';
import type { ClientView } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import { type Message, parseMessage, requestText } from '../../kernel/jsonrpc.js';
import { classify } from '../../protocol/era/classify.js';
import { MethodTable } from '../../protocol/methods/method-table.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { CallRunner } from './call-runner.js';
import type { Exchange, Posted } from './exchange.js';
import { Incoming } from './incoming.js';
import { Intake } from './intake.js';
import { named } from './named-error.js';
import { ModernPost } from './modern-post.js';
import { NO_SESSION } from './no-session.js';

/** `/rpc`: plain JSON-RPC, stateless, one message per request (API.md §3.1). */
@Injectable()
export class RpcEndpoint {
  constructor(
    private readonly intake: Intake,
    private readonly runner: CallRunner,
    private readonly incoming: Incoming,
    private readonly methods: MethodTable,
    private readonly catalog: CatalogService,
    private readonly modern: ModernPost,
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
    const posting = parseMessage(posted.text);
    const modern = modernClient(posting);
    if (modern !== null) {
      const serverId = this.narrow(posting, posted);
      const message = withoutServer(posting);
      this.modern.run(posted, { message, serverId, client: modern, transport: 'rpc' });
      return;
    }
    const asked = this.translate(posting, posted);
    const serverId = this.narrow(asked, posted);
    const message = withoutServer(asked);
    if (message.kind === 'request')
      this.runner.run(posted, {
        message,
        serverId,
        transport: 'rpc',
        client: NO_SESSION,
        mutedClient: NO_SESSION,
      });
    else {
      this.incoming.post(posted, message, { client: NO_SESSION, caller: posted.caller, serverId });
    }
  }

  /** Older clients name the tool where the method stands, and say `list_tools` (API.md §3.3). */
  private translate(message: Message, posted: Posted): Message {
    const { method, kind, top } = message;
    if (kind !== 'request' || this.methods.has(method)) return message;
    if (method === 'list_tools') return { ...message, method: 'tools/list' };
    if (!this.isTool(method, posted)) return message;
    const params = `"name":${JSON.stringify(method)},"arguments":${top.raw('params') ?? '{}'}`;
    return parseMessage(requestText(message.id ?? 'null', 'tools/call', params));
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
    if (name === undefined) return noServer(message);
    const server = this.catalog.findServer(name, caller);
    if (server !== undefined) return server.id;
    throw new GatewayError(
      'server_not_found',
      { name },
      message.id === null ? {} : { rpcId: message.id },
    );
  }
}

/** On `/rpc` the body alone tells the era; a header is only compared with a claim (API.md §3.4). */
function modernClient(message: Message): ClientView | null {
  try {
    return classify(message, undefined);
  } catch (e) {
    throw e instanceof GatewayError ? named(e, message) : e;
  }
}

/** @throws GatewayError `invalid_params` when the Server is named by something that is no name */
function noServer({ params, id }: Message): null {
  const named = params?.raw('server_id');
  if (named === undefined || named === 'null') return null;
  throw new GatewayError(
    'invalid_params',
    { reason: "'server_id' must be a string" },
    id === null ? {} : { rpcId: id },
  );
}

/** `server_id` is a word between the client and us: no upstream gets to see it. */
function withoutServer(message: Message): Message {
  const { kind, params, id, method } = message;
  if (kind !== 'request' || params?.has('server_id') !== true) return message;
  return parseMessage(requestText(id ?? 'null', method, params.without('server_id')));
}
