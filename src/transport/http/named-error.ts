import { GatewayError } from '../../kernel/errors.js';
import { findMembers } from '../../kernel/json-scan.js';
import { type Message, parseMessage } from '../../kernel/jsonrpc.js';

/** The same error, answering this request. */
export function named(error: GatewayError, message: Message): GatewayError {
  const extras = { ...error.extras, ...(message.id === null ? {} : { rpcId: message.id }) };
  return Object.assign(error, { extras });
}

/** What refused a request before it was read, answering the request if the text is one. */
export function namedIn(text: string, error: unknown): unknown {
  if (!(error instanceof GatewayError) || findMembers(text) === undefined) return error;
  try {
    return named(error, parseMessage(text));
  } catch {
    return error; // Whoever may not come in is not told what else is wrong.
  }
}
