import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { ExchangeHooks, Outcome, Sent } from './exchange.js';

const WITHIN_MS = 10_000;

/** Sends a request of the wrapper's own; its answer stays here. */
export async function ownRequest(
  send: (hooks: ExchangeHooks) => Sent,
): Promise<{ outcome: Outcome; answer: Message | null }> {
  const answers: Message[] = [];
  const exchange = send({
    reader: { isFull: false, onceDrained: () => undefined },
    onText: (text) => {
      const message = responseIn(text);
      if (message !== null) answers.push(message);
    },
  });
  const timer = setTimeout(() => {
    exchange.abort();
  }, WITHIN_MS);
  const outcome = await exchange.done;
  clearTimeout(timer);
  return { outcome, answer: answers.at(-1) ?? null };
}

/** What a far end says, where it is an answer. */
export function responseIn(text: string): Message | null {
  try {
    const message = parseUpstreamMessage(text);
    return message.kind === 'response' ? message : null;
  } catch {
    return null;
  }
}
