import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Greeting, OpenOptions } from './connection.js';
import { initializeParams, readGreeting } from './handshake.js';
import type { PipeLegs } from './pipe-legs.js';
import { probeRequest } from './probe-request.js';

/**
 * Initialises an upstream over a pipe.
 * @throws GatewayError `upstream_unreachable`, `upstream_error`, `upstream_timeout`
 */
export async function greet(
  legs: PipeLegs,
  options: OpenOptions,
  timeoutMs: number,
): Promise<Greeting> {
  const params = initializeParams(options.capabilities, options.clientInfo);
  const result = await legs
    .request(probeRequest('initialize', params, timeoutMs))
    .catch((e: unknown) => {
      if (!(e instanceof UpstreamRpcError)) throw e;
      const reason = `Upstream refused initialize with JSON-RPC error ${String(e.code)}`;
      throw new GatewayError('upstream_error', { reason }, { cause: e });
    });
  const greeting = readGreeting(result);
  legs.notify('notifications/initialized', '');
  return greeting;
}
