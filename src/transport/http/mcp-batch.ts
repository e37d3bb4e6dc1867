import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { scanElements } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import { MAX_JSON_DEPTH, errorObject, errorText, parseMessage } from '../../kernel/jsonrpc.js';
import { Answers } from './answer.js';
import { CallRunner, type Runnable } from './call-runner.js';
import type { Posted } from './exchange.js';
import { Incoming } from './incoming.js';

const MAX_BATCH = 50;

/** Arrays of messages, which the revision 2025-03-26 alone has: split, each routed alone. */
@Injectable()
export class McpBatch {
  constructor(
    private readonly runner: CallRunner,
    private readonly incoming: Incoming,
    private readonly answers: Answers,
  ) {}

  run(posted: Posted, base: Omit<Runnable, 'message'>): void {
    const elements = split(posted.text);
    const replies = elements.map((text) => this.one(text, posted, base));
    const sent = Promise.all(replies).then((texts) => {
      const answered = texts.filter((text) => text !== null);
      if (answered.length === 0) this.answers.sendEmpty(posted.res, 202, posted.headers);
      else if (!posted.res.destroyed)
        this.answers.sendJson(posted.res, 200, `[${answered.join(',')}]`, posted.headers);
    });
    sent.catch(() => posted.res.destroy());
  }

  private async one(
    text: string,
    posted: Posted,
    base: Omit<Runnable, 'message'>,
  ): Promise<string | null> {
    try {
      const message = parseMessage(text);
      if (message.method === 'initialize')
        throw new GatewayError('invalid_request', { reason: 'initialize must not be in a batch' });
      if (message.kind === 'request')
        return (await this.runner.runAlone(posted, { ...base, message }))?.text ?? null;
      const { client, serverId } = base;
      this.incoming.take(message, { client, serverId, caller: posted.caller });
      return null;
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      return errorText(e.extras.rpcId ?? null, errorObject(e, posted.callId, false));
    }
  }
}

function split(text: string): string[] {
  let elements: string[];
  try {
    elements = scanElements(text, { maxDepth: MAX_JSON_DEPTH });
  } catch (e) {
    if (!(e instanceof JsonScanError)) throw e;
    if (e.fault === 'duplicate')
      throw new GatewayError('invalid_request', { reason: 'the same key twice in one object' });
    throw new GatewayError('parse_error');
  }
  if (elements.length === 0) throw new GatewayError('invalid_request', { reason: 'empty batch' });
  if (elements.length > MAX_BATCH)
    throw new GatewayError('invalid_request', {
      reason: `more than ${String(MAX_BATCH)} messages`,
    });
  return elements;
}
