import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { type Message, parseMessage } from '../../kernel/jsonrpc.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import type { Reply } from '../../protocol/dispatcher.js';
import { Answers } from './answer.js';
import { CallRunner } from './call-runner.js';
import type { Exchange, Posted } from './exchange.js';
import { Incoming } from './incoming.js';
import { Intake } from './intake.js';
import { NO_SESSION } from './no-session.js';
import { NOTIFICATIONS } from './route.js';

/** A body as the message it stands for. */
interface Read {
  readonly message: Message;
  /** Whether it was a JSON-RPC message already: then its answer is one, too. */
  readonly isWhole: boolean;
}

/**
 * A few MCP methods as plain HTTP (API.md §3.1): the body is the params and the answer the bare result,
 * errors are problem documents. Who sends a whole JSON-RPC message gets one back, as on `/rpc`.
 */
@Injectable()
export class PlainEndpoint {
  constructor(
    private readonly intake: Intake,
    private readonly runner: CallRunner,
    private readonly incoming: Incoming,
    private readonly answers: Answers,
  ) {}

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    if (exchange.req.method !== 'POST') {
      const headers = { Allow: 'POST' };
      failed(new GatewayError('method_not_allowed', { allowed: 'POST' }, { headers }));
      return;
    }
    this.intake.post(
      exchange,
      'json',
      (posted) => {
        this.post(posted, exchange.route.method ?? '').catch(failed);
      },
      failed,
    );
  }

  private async post(posted: Posted, method: string): Promise<void> {
    const { message, isWhole } = read(posted.text, method);
    if (method === NOTIFICATIONS) {
      this.incoming.take(message, { client: NO_SESSION, caller: posted.caller, serverId: null });
      this.answers.sendEmpty(posted.res, 202, posted.headers);
      return;
    }
    const reply = await this.runner.runAlone(posted, {
      message,
      serverId: null,
      transport: 'rpc',
      client: NO_SESSION,
      mutedClient: NO_SESSION,
    });
    if (reply === null || posted.res.destroyed) return;
    if (isWhole) this.answers.sendReply(posted.res, reply, posted.headers);
    else this.answers.sendJson(posted.res, 200, bareResult(reply, method), posted.headers);
  }
}

/** @throws GatewayError what is wrong with the body, or with the call */
function bareResult({ failure, text }: Reply, method: string): string {
  if (failure !== null) throw method === 'initialize' ? withOldCode(failure) : failure;
  const { top } = scanJson(text, RELAYED);
  const result = top.raw('result');
  if (result !== undefined) return result;
  const error = JSON.parse(top.raw('error') ?? '{}') as { readonly message?: unknown };
  throw new GatewayError('upstream_error', { reason: String(error.message) });
}

/** The number that earlier gateways gave to an `initialize` without a version, in a header. */
function withOldCode(failure: GatewayError): GatewayError {
  if (failure.code !== 'missing_parameter') return failure;
  const headers = { ...failure.extras.headers, 'MCP-Error-Code': '-32002' };
  return Object.assign(failure, { extras: { ...failure.extras, headers } });
}

/** @throws GatewayError `parse_error`, `invalid_request` */
function read(text: string, method: string): Read {
  const body = text.trim() === '' ? '{}' : text;
  const isNotice = method === NOTIFICATIONS;
  const members = membersOf(body);
  if (!members.has('method') && !isNotice)
    return { message: asMessage(body, method), isWhole: false };
  const isWhole = members.has('jsonrpc');
  const rest = members.without('jsonrpc');
  const message = parseMessage(isWhole || rest === '' ? body : `{"jsonrpc":"2.0",${rest}}`);
  const isFit = isNotice
    ? message.kind === 'notification' && message.method.startsWith(`${NOTIFICATIONS}/`)
    : message.kind === 'request' && message.method === method;
  if (isFit) return { message, isWhole: true };
  const wanted = isNotice
    ? `a notification '${NOTIFICATIONS}/…'`
    : `a request '${method}' with an id`;
  throw new GatewayError('invalid_request', { reason: `the body must be ${wanted}` });
}

function membersOf(body: string): ReturnType<typeof scanJson>['top'] {
  try {
    const { kind, top } = scanJson(body, { uniqueKeys: false });
    if (kind === 'object') return top;
  } catch (cause) {
    if (!(cause instanceof JsonScanError)) throw cause;
    throw new GatewayError('parse_error', {}, { cause });
  }
  throw new GatewayError('invalid_request', { reason: 'the body must be an object' });
}

const asMessage = (params: string, method: string): Message =>
  parseMessage(`{"jsonrpc":"2.0","id":0,"method":"${method}","params":${params}}`);
