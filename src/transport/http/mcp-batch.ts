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
import { BatchAnswer } from './batch-answer.js';
import { CallRunner, type Runnable } from './call-runner.js';
import type { Posted } from './exchange.js';
import type { HttpChannel } from './http.channel.js';
import { Incoming } from './incoming.js';

const MAX_BATCH = 50;

type Base = Omit<Runnable, 'message'>;

/** Arrays of messages, which the revision 2025-03-26 alone has: split, each routed alone. */
@Injectable()
export class McpBatch {
  constructor(
    private readonly runner: CallRunner,
    private readonly incoming: Incoming,
    private readonly answers: Answers,
  ) {}

  run(posted: Posted, base: Base): void {
    const messages = split(posted.text).map(legacyMessage);
    if (messages.some(({ kind }) => kind === 'request'))
      this.answer(messages, posted, base).catch(() => posted.res.destroy());
    else {
      for (const message of messages) this.take(message, posted, base);
      this.answers.sendEmpty(posted.res, 202, posted.headers);
    }
  }

  private async answer(messages: readonly Message[], posted: Posted, base: Base): Promise<void> {
    // Each request looks whether the client is still there.
    posted.res.setMaxListeners(MAX_BATCH + posted.res.getMaxListeners());
    const channel = this.runner.channel(posted, base);
    const answer = new BatchAnswer(channel);
    const running: Promise<void>[] = [];
    const one = async (message: Message): Promise<void> => {
      const text = await this.answerTo({ ...base, message }, posted, channel);
      if (text !== null) answer.add(text);
    };
    for (const message of messages)
      if (message.kind === 'request') running.push(one(message));
      else this.take(message, posted, base);
    await Promise.all(running);
    answer.finish();
  }

  private take(message: Message, { caller }: Posted, { client, serverId }: Base): void {
    this.incoming.take(message, { client, serverId, caller });
  }

  private async answerTo(
    runnable: Runnable,
    posted: Posted,
    channel: HttpChannel,
  ): Promise<string | null> {
    const { message } = runnable;
    if (message.method === 'initialize') {
      const reason = 'initialize must not be in a batch';
      const error = new GatewayError('invalid_request', { reason });
      return errorText(message.id, errorObject(error, posted.callId, false));
    }
    return (await this.runner.runOn(posted, runnable, channel))?.text ?? null;
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
