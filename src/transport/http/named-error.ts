import type { GatewayError } from '../../kernel/errors.js';
import type { Message } from '../../kernel/jsonrpc.js';

/** The same error, answering this request. */
export function named(error: GatewayError, message: Message): GatewayError {
  const extras = { ...error.extras, ...(message.id === null ? {} : { rpcId: message.id }) };
  return Object.assign(error, { extras });
}
