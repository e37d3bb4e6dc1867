/** Facts of the Model Context Protocol, 2024-11-05 … 2026-07-28. */

/** Revisions with `initialize` and sessions, oldest first. */
export const LEGACY_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
export type Revision = (typeof LEGACY_REVISIONS)[number];
export const LATEST_LEGACY: Revision = '2025-11-25';
/** The one revision with arrays of messages (0326 Overview §Batching). */
export const BATCH_REVISION: Revision = '2025-03-26';

/** Revisions without `initialize` and sessions: each request carries its claim, newest first. */
export const MODERN_REVISIONS = ['2026-07-28'] as const;
export type ModernRevision = (typeof MODERN_REVISIONS)[number];
export const LATEST_MODERN: ModernRevision = '2026-07-28';

/** *legacy* = `initialize` and sessions; *modern* = each request stands alone. */
export type Era = 'legacy' | 'modern';

export function isModernRevision(text: string): text is ModernRevision {
  return (MODERN_REVISIONS as readonly string[]).includes(text);
}

/** Keys of `params._meta` that carry the claim of a modern request (26 Overview §_meta). */
export const CLAIM = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
} as const;

/** JSON-RPC codes that upstreams answer and the gateway acts on (26 Overview §Error Codes; -32002 and -32042: 25). */
export const RPC_CODE = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Before 2026-07-28. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedRevision: -32022,
  urlElicitationRequired: -32042,
} as const;

/** Questions that one request or one result may have open together: nobody answers more. */
export const MAX_QUESTIONS = 16;

export function isRevision(text: string): text is Revision {
  return (LEGACY_REVISIONS as readonly string[]).includes(text);
}

/** The revision answered to `initialize`: the asked one if it is served, else `fallback`. */
export function negotiate(asked: string, fallback: Revision): Revision {
  return isRevision(asked) ? asked : fallback;
}

/** Severity of log messages, least severe first (RFC 5424, MCP Logging §Log Levels). */
export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function isLogLevel(text: unknown): text is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(text);
}

/** The four lists of a server. */
export const LIST_KINDS = ['tools', 'resources', 'resourceTemplates', 'prompts'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

/** The server capability that declares a list. */
export const LIST_CAPABILITY: Readonly<Record<ListKind, 'tools' | 'resources' | 'prompts'>> = {
  tools: 'tools',
  resources: 'resources',
  resourceTemplates: 'resources',
  prompts: 'prompts',
};

/** The notice that says a list changed; templates share that of resources. */
export const LIST_CHANGED: Readonly<Record<ListKind, string>> = {
  tools: 'notifications/tools/list_changed',
  resources: 'notifications/resources/list_changed',
  resourceTemplates: 'notifications/resources/list_changed',
  prompts: 'notifications/prompts/list_changed',
};

const CHANGE_NOTICE =
  /^notifications\/(?:(?:prompts|resources|tools)\/list_changed|resources\/updated)$/;

/** Whether a notice tells of a change, so that it belongs to no request, on whatever stream it comes. */
export function isChangeNotice(method: string): boolean {
  return CHANGE_NOTICE.test(method);
}

/** The notices that tell of changes of these lists, each once. */
export function noticesOf(kinds: readonly ListKind[]): ReadonlySet<string> {
  return new Set(kinds.map((kind) => LIST_CHANGED[kind]));
}

/** Requests a server may send to its client; all three are answered by the client of an open Call. */
export const SERVER_REQUESTS = [
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
] as const;
export type ServerRequestMethod = (typeof SERVER_REQUESTS)[number];

export function isServerRequest(method: string): method is ServerRequestMethod {
  return (SERVER_REQUESTS as readonly string[]).includes(method);
}
