import type { WebSocket } from 'ws';
import { GatewayError } from '../../kernel/errors.js';
import { answeredBadly, describe, refusedByHead } from './upstream-fault.js';

/**
 * Waits for the end of a handshake that has begun.
 * @throws GatewayError `upstream_error` when the far end has refused it, else `upstream_unreachable`
 */
export function handshaken(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('unexpected-response', (request, { statusCode, headers }) => {
      reject(refusedByHead(statusCode ?? 0, headers));
      request.destroy();
    });
    socket.on('error', (error) => {
      reject(faultOf(error));
    });
  });
}

/** A far end that is no WebSocket server has answered all the same; one that cannot be reached has not. */
function faultOf(error: Error & { code?: string; syscall?: string }): GatewayError {
  if (error instanceof GatewayError) return error;
  const isRefusal = error.code === undefined || /^(WS|HPE)_/.test(error.code);
  if (isRefusal && !error.message.includes('timed out'))
    return answeredBadly(`Upstream refused the WebSocket handshake: ${error.message}`, {
      cause: error,
    });
  const reason = isRefusal ? 'the handshake timed out' : describe(error);
  return new GatewayError('upstream_unreachable', { reason }, { cause: error });
}
