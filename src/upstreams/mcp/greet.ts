import type { Greeting, OpenOptions } from './connection.js';
import { initializeParams, readGreeting, refusedGreeting } from './handshake.js';
import type { PipeLegs } from './pipe-legs.js';
import { probeRequest } from './probe-request.js';

const ANNOUNCE_MS = 2000;

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
    .catch(refusedGreeting);
  const greeting = readGreeting(result);
  legs.agreedOn(greeting.protocolVersion);
  await beforeCalls(legs.notify('notifications/initialized', ''));
  return greeting;
}

/** What is sent apart might be overtaken by the first call; a POST that is never answered must not stop it. */
async function beforeCalls(sent: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ANNOUNCE_MS);
  });
  await Promise.race([sent, enough]);
  clearTimeout(timer);
}
