import type { GatewayId, PromptId, ResourceId, ServerId, ToolId } from './ids.js';
import type { Via } from './caller.js';
import type { Era, ListKind } from './mcp.js';

/** Plain JSON as it came from a body or an upstream. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Who made and last changed a record, when, from where, how (API.md §7.1). Times are ISO 8601 UTC. */
export interface AuditMetadata {
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly createdFromIp: string | null;
  readonly createdVia: Via | null;
  readonly createdUserAgent: string | null;
  readonly updatedAt: string;
  readonly modifiedBy: string | null;
  readonly modifiedFromIp: string | null;
  readonly modifiedVia: Via | null;
  readonly modifiedUserAgent: string | null;
  readonly importBatchId: string | null;
  /** Name of the Gateway it came from; `null` for what was made here. */
  readonly federationSource: string | null;
  /** Starts at 1, +1 for each update of user data (API.md §1.8). */
  readonly version: number;
}

interface Common<Id> extends AuditMetadata {
  readonly id: Id;
  readonly enabled: boolean;
  /** Normalised, sorted, unique (API.md §1.7). */
  readonly tags: readonly string[];
  /** Free data of the owner or the upstream, passed on in MCP lists. */
  readonly meta: JsonObject;
}

export type GatewayTransport = 'STREAMABLEHTTP' | 'SSE' | 'WEBSOCKET' | 'STDIO' | 'AUTO';
export type GatewayStatus = 'healthy' | 'degraded' | 'unhealthy' | 'disabled' | 'pending';
export type GatewayAuthType = 'none' | 'basic' | 'bearer' | 'authheaders' | 'query_param' | 'oauth';
/** `per-request` is no choice of the API: each request opens and ends a session, a process on stdio. */
export type SessionMode = 'auto' | 'shared' | 'per-session' | 'per-principal' | 'per-request';

/**
 * The credential of a Gateway as it is used, after unsealing.
 * `headers` are ready to send; `query` is added to the URL.
 */
export interface UpstreamCredential {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface SkippedItem {
  readonly kind: 'tool' | 'resource' | 'resource_template' | 'prompt';
  readonly name: string;
  readonly reason: string;
}

/** How long a list of an upstream may be kept, and whether for others too (26 Caching). */
export interface ListHints {
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

/** A registered upstream: an MCP server, or another MCP Gateway. */
export interface Gateway extends Common<GatewayId> {
  readonly name: string;
  readonly slug: string;
  /** `null` for STDIO. */
  readonly url: string | null;
  readonly description: string | null;
  /** As chosen; `AUTO` is replaced by what was found. */
  readonly transport: GatewayTransport;
  readonly command: string | null;
  readonly args: readonly string[];
  /** Sealed JSON object of strings (label `secrets`, AAD `gateway:<id>:env`); `null` when empty. */
  readonly envSealed: string | null;
  readonly cwd: string | null;
  readonly authType: GatewayAuthType;
  /** Sealed JSON of the auth fields (label `secrets`, AAD `gateway:<id>:auth`). */
  readonly authSealed: string | null;
  /** Sealed JSON of what authorization servers gave us (label `secrets`, AAD `gateway:<id>:login`). */
  readonly loginSealed: string | null;
  /** The upstream asks for a login that only a person can give. */
  readonly needsLogin: boolean;
  /** Calls carry the login of the person who makes them; the one in this record reads the lists. */
  readonly loginPerUser: boolean;
  readonly nameMode: 'prefixed' | 'original';
  readonly sessionMode: SessionMode;
  /** The upstream has sent a request of its own (PROTOCOL.md §3.2); set once, sticks. */
  readonly asksClient: boolean;
  readonly refreshIntervalSeconds: number | null;
  readonly timeoutMs: number | null;
  readonly maxDurationMs: number | null;
  readonly connectTimeoutMs: number | null;
  readonly initTimeoutMs: number | null;
  /** Calls in flight; 0 = unlimited. */
  readonly maxConcurrency: number;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | null;
  readonly instructions: string | null;
  readonly protocolVersion: string | null;
  /** How it is spoken to, as the last probe found (PROTOCOL.md §7.1); `null` = not probed yet. */
  readonly era: Era | null;
  /** When that was found, ISO 8601 UTC. */
  readonly eraAt: string | null;
  readonly reachable: boolean;
  readonly status: GatewayStatus;
  readonly statusMessage: string | null;
  readonly lastError: string | null;
  readonly lastSeen: string | null;
  readonly lastRefreshAt: string | null;
  readonly skippedItems: readonly SkippedItem[];
  /** What a modern upstream said of the life of its lists; `null` = nothing, nobody may keep them. */
  readonly listHints: Readonly<Partial<Record<ListKind, ListHints>>> | null;
}

/** A federated tool. Local kinds (REST, CLI) come with later drivers. */
export interface Tool extends Common<ToolId> {
  readonly gatewayId: GatewayId;
  /** As the upstream named it: what always goes up. */
  readonly originalName: string;
  readonly customName: string | null;
  /** The exposed name, unique in the catalog under case fold (API.md §1.6). */
  readonly name: string;
  readonly integrationType: 'MCP';
  /**
   * The definition as the upstream sent it, as JSON text: `name` apart, every member kept, order too.
   */
  readonly definition: string;
  /** Owner's edits; `null` = the upstream's word. They survive every refresh. */
  readonly displayName: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly annotations: JsonObject | null;
  readonly timeoutMs: number | null;
  /** Over all Callers; 0 = no own limit. */
  readonly maxCallsPerMinute: number;
  /** The owner's promise that repeating is harmless. */
  readonly retryable: boolean;
  readonly warnings: readonly string[];
}

/** A federated resource, or (with `uriTemplate`) a resource template. */
export interface Resource extends Common<ResourceId> {
  readonly gatewayId: GatewayId;
  readonly name: string;
  /** The URI, or the template of a template. */
  readonly uri: string;
  readonly isTemplate: boolean;
  readonly mimeType: string | null;
  readonly definition: string;
}

/** A federated prompt. */
export interface Prompt extends Common<PromptId> {
  readonly gatewayId: GatewayId;
  readonly originalName: string;
  readonly customName: string | null;
  readonly name: string;
  readonly definition: string;
}

/** A virtual server: a named choice of items, served as a full MCP server. */
export interface Server extends Common<ServerId> {
  readonly name: string;
  readonly description: string | null;
  readonly icon: string | null;
  readonly instructions: string | null;
  readonly nameMode: 'gateway' | 'original' | 'prefixed';
  /** Members in the owner's order. Ids stay when a record is gone, so that it can come back. */
  readonly toolIds: readonly ToolId[];
  readonly resourceIds: readonly ResourceId[];
  readonly promptIds: readonly PromptId[];
  /** Last known name per member id, to name what is missing. */
  readonly memberNames: Readonly<Record<string, string>>;
  readonly maxCallsPerMinute: number;
}
