import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import { scanElements } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import {
  MAX_JSON_DEPTH,
  type Message,
  errorObject,
  errorText,
  parseMessage,
} from '../../kernel/jsonrpc.js';
import { claimIn } from '../../protocol/era/classify.js';
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
    const messages = split(posted.text).map(legacyMessage);
    const replies = messages.map((message) => this.one(message, posted, base));
    const sent = Promise.all(replies).then((texts) => {
      const answered = texts.filter((text) => text !== null);
      if (answered.length === 0) this.answers.sendEmpty(posted.res, 202, posted.headers);
      else if (!posted.res.destroyed)
        this.answers.sendJson(posted.res, 200, `[${answered.join(',')}]`, posted.headers);
    });
    sent.catch(() => posted.res.destroy());
  }

  private async one(
    message: Message,
    posted: Posted,
    base: Omit<Runnable, 'message'>,
  ): Promise<string | null> {
    try {
      if (message.method === 'initialize')
        throw new GatewayError('invalid_request', { reason: 'initialize must not be in a batch' });
      if (message.kind === 'request')
        return (await this.runner.runAlone(posted, { ...base, message }))?.text ?? null;
      const { client, serverId } = base;
      this.incoming.take(message, { client, serverId, caller: posted.caller });
      return null;
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      return errorText(message.id, errorObject(e, posted.callId, false));
    }
  }
}

/** One element that is no message, or a modern one, spoils them all (PROTOCOL.md §1.3). */
function legacyMessage(text: string): Message {
  const message = parseMessage(text);
  if (claimIn(message.params?.raw('_meta')) === null) return message;
  throw new GatewayError('invalid_request', {
    reason: 'a batch holds messages of 2025-03-26 only',
  });
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
