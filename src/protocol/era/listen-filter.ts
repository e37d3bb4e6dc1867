import { GatewayError } from '../../kernel/errors.js';

/** What a modern client wants to hear of (26 Subscriptions §Filter). */
export interface ListenFilter {
  readonly toolsListChanged: boolean;
  readonly promptsListChanged: boolean;
  readonly resourcesListChanged: boolean;
  readonly resourceSubscriptions: readonly string[];
}

/** URIs that one subscription may name. */
const MAX_URIS = 100;

/**
 * @param raw `params.notifications` as JSON text
 * @throws GatewayError `invalid_params`
 */
export function parseFilter(raw: string | undefined): ListenFilter {
  if (raw?.startsWith('{') !== true) throw invalid("'notifications' must be an object");
  const given = JSON.parse(raw) as Readonly<Record<string, unknown>>;
  return {
    toolsListChanged: flag(given, 'toolsListChanged'),
    promptsListChanged: flag(given, 'promptsListChanged'),
    resourcesListChanged: flag(given, 'resourcesListChanged'),
    resourceSubscriptions: uris(given['resourceSubscriptions'] ?? []),
  };
}

/** The filter as JSON text: only what was asked for and is granted. */
export function filterText(filter: ListenFilter): string {
  const { resourceSubscriptions: wanted, ...flags } = filter;
  const set = Object.entries(flags).filter(([, isWanted]) => isWanted);
  return JSON.stringify({
    ...Object.fromEntries(set),
    ...(wanted.length === 0 ? {} : { resourceSubscriptions: wanted }),
  });
}

function flag(given: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw invalid(`'${name}' must be a boolean`);
}

function uris(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((uri): uri is string => typeof uri === 'string'))
    throw invalid("'resourceSubscriptions' must be a list of URIs");
  const distinct = [...new Set(value)];
  if (distinct.length <= MAX_URIS) return distinct;
  throw invalid(`more than ${String(MAX_URIS)} URIs in 'resourceSubscriptions'`);
}

function invalid(reason: string): GatewayError {
  return new GatewayError('invalid_params', { reason });
}
