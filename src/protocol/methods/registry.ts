import type { Permission } from '../../kernel/caller.js';
import type { Call, TransportKind } from '../../kernel/call.js';
import type { Era } from '../../kernel/mcp.js';
import type { Trail } from '../../audit/trail.js';

/** `any`: every Caller that reached the endpoint. */
export interface MethodPolicy {
  readonly permission: Permission | 'any';
  /** Counts against `MAX_TOOL_CALLS_PER_MINUTE`. */
  readonly isLimited: boolean;
  /** The one transport that has it; absent = all. */
  readonly only?: TransportKind;
  /** Stays open for long, so it takes no place of `MAX_IN_FLIGHT_PER_SESSION`. */
  readonly isStanding?: boolean;
  /** The one era that has it; absent = both. */
  readonly era?: Era;
}

const open: MethodPolicy = { permission: 'any', isLimited: false };
const needs = (permission: Permission): MethodPolicy => ({ permission, isLimited: false });
const legacy = (policy: MethodPolicy): MethodPolicy => ({ ...policy, era: 'legacy' });
const modern = (policy: MethodPolicy): MethodPolicy => ({ ...policy, era: 'modern' });

/** Every MCP request the gateway serves, with the permission it takes (API.md §3.1). */
export const METHODS = {
  initialize: legacy(open),
  ping: legacy(open),
  'logging/setLevel': legacy(open),
  'server/discover': modern(open),
  'tools/list': needs('tools.read'),
  'tools/call': { permission: 'tools.execute', isLimited: true },
  'resources/list': needs('resources.read'),
  'resources/templates/list': needs('resources.read'),
  'resources/read': needs('resources.read'),
  'subscriptions/listen': modern({ permission: 'any', isLimited: false, isStanding: true }),
  'resources/subscribe': legacy(needs('resources.read')),
  'resources/unsubscribe': legacy(needs('resources.read')),
  'prompts/list': needs('prompts.read'),
  'prompts/get': needs('prompts.read'),
  'tasks/get': needs('tools.execute'),
  'tasks/result': legacy(needs('tools.execute')),
  'tasks/update': modern(needs('tools.execute')),
  'tasks/cancel': needs('tools.execute'),
  'completion/complete': needs('prompts.read'),
  list_gateways: legacy({ permission: 'gateways.read', isLimited: false, only: 'rpc' }),
} as const satisfies Record<string, MethodPolicy>;

export type MethodName = keyof typeof METHODS;

/** The `result` as JSON text, with response headers where there are any. */
export interface Handled {
  readonly result: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Serves one method: resolve, invoke, return. */
export type Handler = (call: Call, trail: Trail) => string | Handled | Promise<string>;

export type Handlers = Readonly<Partial<Record<MethodName, Handler>>>;
