import type { Call } from '../../../kernel/call.js';
import type { Gateway } from '../../../kernel/catalog.js';
import { GatewayError } from '../../../kernel/errors.js';
import { TASKS, declaresExtension, extensionsOf } from '../../../kernel/extensions.js';

/** The modern upstreams among these that have tasks. */
export function withTasks(gateways: readonly Gateway[]): readonly Gateway[] {
  return gateways.filter((g) => g.era === 'modern' && TASKS in extensionsOf(g));
}

/** @throws GatewayError `missing_client_capability` unless the client declared tasks */
export function requireTasks({ client }: Call): void {
  if (declaresExtension(client.capabilities, TASKS)) return;
  const data = { requiredCapabilities: { extensions: { [TASKS]: {} } } };
  throw new GatewayError('missing_client_capability', { capability: TASKS }, { data });
}
