import type { Gateway, Json } from './catalog.js';
import { RELAYED, scanJson } from './json-scan.js';
import { LATEST_LEGACY } from './mcp.js';

/** Tasks as 2025-11-25 has them in its core (25 Tasks); 2026-07-28 made them an extension. */

/** Key of `_meta` that says which task a message belongs to (25 Tasks §Related Task Metadata). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** The notice of a task's state; its params are the task (25 Tasks §Task Status Notification). */
export const TASK_STATUS = 'notifications/tasks/status';

type Upstream = Pick<Gateway, 'capabilities' | 'era' | 'protocolVersion'>;

/** Whether an upstream runs tool calls as tasks; without that, what its tools say of tasks is void. */
export function takesTasks({ capabilities, era, protocolVersion }: Upstream): boolean {
  if (era !== 'legacy' || protocolVersion !== LATEST_LEGACY) return false;
  return at(capabilities['tasks'], 'requests', 'tools', 'call') !== undefined;
}

/** Whether a client can follow a task of its own there: it ends with the session that it was begun on. */
export function offersTasks(gateway: Upstream & Pick<Gateway, 'sessionMode'>): boolean {
  return gateway.sessionMode !== 'per-request' && takesTasks(gateway);
}

/** Whether a task of an upstream can be ended before its time. */
export function cancelsTasks({ capabilities }: Pick<Upstream, 'capabilities'>): boolean {
  return at(capabilities['tasks'], 'cancel') !== undefined;
}

/**
 * Whether a tool runs as a task only (25 Tasks §Tool-Level Negotiation).
 * @param definition the tool as its upstream lists it
 */
export function runsOnlyAsTask(definition: string, gateway: Upstream): boolean {
  // Nearly no tool says so, so nearly none is scanned.
  if (!definition.includes('"taskSupport"') || !takesTasks(gateway)) return false;
  const { nested } = scanJson(definition, { ...RELAYED, nested: ['execution'] });
  return nested['execution']?.string('taskSupport') === 'required';
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = (found as Readonly<Record<string, Json>>)[key];
  }
  return found;
}
