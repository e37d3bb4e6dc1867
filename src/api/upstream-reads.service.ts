import { Injectable } from '@nestjs/common';
import { Abort } from '../kernel/abort.js';
import type { Call } from '../kernel/call.js';
import type { JsonObject } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { CallId } from '../kernel/ids.js';
import { parseMessage, requestText } from '../kernel/jsonrpc.js';
import { RPC_CODE, LATEST_LEGACY } from '../kernel/mcp.js';
import { Dispatcher } from '../protocol/dispatcher.js';
import type { Asked } from './asked.decorator.js';

/** The routes know nothing of their client, and cannot ask it. */
const CLIENT: Call['client'] = {
  era: 'legacy',
  revision: LATEST_LEGACY,
  sessionId: null,
  capabilities: '{}',
  clientInfo: null,
  logLevel: null,
};
const CHANNEL: Call['channel'] = {
  transport: 'rest',
  canNotify: false,
  canAsk: false,
  send: () => false,
};

/** Asks the upstreams of items, under the policy and with the Trail of every other call. */
@Injectable()
export class UpstreamReads {
  constructor(private readonly dispatcher: Dispatcher) {}

  /** @throws GatewayError `resource_not_found`, `upstream_unavailable`, `upstream_error`, `upstream_timeout` */
  async resource(uri: string, asked: Asked): Promise<JsonObject> {
    const answer = await this.ask('resources/read', { uri }, asked);
    if (answer.error?.code === RPC_CODE.resourceNotFound)
      throw new GatewayError('resource_not_found', { uri });
    return resultOf(answer);
  }

  /** @throws GatewayError `prompt_not_found`, `validation_failed` naming what is missing, those of upstreams */
  async prompt(name: string, given: JsonObject, asked: Asked): Promise<JsonObject> {
    try {
      return resultOf(await this.ask('prompts/get', { name, arguments: given }, asked));
    } catch (e) {
      // The name was looked up before: what misses is an argument, a fault of the body here.
      if (!(e instanceof GatewayError) || e.code !== 'missing_parameter') throw e;
      throw new GatewayError(
        'validation_failed',
        { summary: e.message },
        { errors: [{ pointer: '', detail: e.message, type: 'missing' }] },
      );
    }
  }

  private async ask(method: string, params: JsonObject, asked: Asked): Promise<Answered> {
    const text = requestText('0', method, JSON.stringify(params).slice(1, -1));
    const reply = await this.dispatcher.dispatch({
      id: (asked.actor.requestId ?? '') as CallId,
      message: parseMessage(text),
      caller: asked.caller,
      client: CLIENT,
      serverId: null,
      mirrored: null,
      trace: null,
      channel: CHANNEL,
      abort: new Abort(),
      ip: asked.actor.ip ?? '',
      bytes: Buffer.byteLength(text),
    });
    if (reply === null) throw new GatewayError('cancelled');
    if (reply.failure !== null) throw reply.failure;
    return JSON.parse(reply.text) as Answered;
  }
}

interface Answered {
  readonly result?: JsonObject;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

function resultOf({ result, error }: Answered): JsonObject {
  if (result !== undefined) return result;
  throw new GatewayError('upstream_error', { reason: String(error?.message) });
}
