import { GatewayError } from '../../kernel/errors.js';

/** What a modern client wants to hear of (26 Subscriptions §Filter). */
export interface ListenFilter {
  readonly toolsListChanged: boolean;
  readonly promptsListChanged: boolean;
  readonly resourcesListChanged: boolean;
  readonly resourceSubscriptions: readonly string[];
  /** Tasks of the extension (SEP-2663). */
  readonly taskIds: readonly string[];
}

/** Resources and tasks that one subscription may name together. */
const MAX_NAMED = 100;

/**
 * @param raw `params.notifications` as JSON text
 * @throws GatewayError `invalid_params`
 */
export function parseFilter(raw: string | undefined): ListenFilter {
  if (raw?.startsWith('{') !== true) throw invalid("'notifications' must be an object");
  const given = JSON.parse(raw) as Readonly<Record<string, unknown>>;
  const resourceSubscriptions = names(given, 'resourceSubscriptions');
  const taskIds = names(given, 'taskIds');
  if (resourceSubscriptions.length + taskIds.length > MAX_NAMED)
    throw invalid(`more than ${String(MAX_NAMED)} resources and tasks in 'notifications'`);
  return {
    toolsListChanged: flag(given, 'toolsListChanged'),
    promptsListChanged: flag(given, 'promptsListChanged'),
    resourcesListChanged: flag(given, 'resourcesListChanged'),
    resourceSubscriptions,
    taskIds,
  };
}

/** The filter as JSON text: only what was asked for and is granted. */
export function filterText(filter: ListenFilter): string {
  const { resourceSubscriptions: wanted, taskIds, ...flags } = filter;
  const set = Object.entries(flags).filter(([, isWanted]) => isWanted);
  return JSON.stringify({
    ...Object.fromEntries(set),
    ...(wanted.length === 0 ? {} : { resourceSubscriptions: wanted }),
    ...(taskIds.length === 0 ? {} : { taskIds }),
  });
}

function flag(given: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw invalid(`'${name}' must be a boolean`);
}

function names(given: Readonly<Record<string, unknown>>, member: string): readonly string[] {
  const value = given[member] ?? [];
  if (!Array.isArray(value) || !value.every((name): name is string => typeof name === 'string'))
    throw invalid(`'${member}' must be a list of strings`);
  return [...new Set(value)];
}

function invalid(reason: string): GatewayError {
  return new GatewayError('invalid_params', { reason });
}
