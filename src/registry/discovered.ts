import type {
  Gateway,
  GatewayAuthType,
  GatewayStatus,
  GatewayTransport,
  JsonObject,
  ListHints,
  SessionMode,
  SkippedItem,
} from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Era, ListKind } from '../kernel/mcp.js';

/** One item of a list of an upstream; `text` is the item exactly as it came. */
export interface DiscoveredItem {
  /** Name of a tool or prompt, URI of a resource, template of a resource template. */
  readonly name: string;
  readonly text: string;
}

/** What an upstream said of itself. A list that is `undefined` failed or was not declared: its old items stay. */
export interface Discovered {
  readonly transport: GatewayTransport;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | null;
  readonly instructions: string | null;
  readonly protocolVersion: string | null;
  readonly era: Era;
  /** When the era was found, ISO 8601 UTC. */
  readonly eraAt: string;
  readonly tools?: readonly DiscoveredItem[] | undefined;
  readonly resources?: readonly DiscoveredItem[] | undefined;
  readonly resourceTemplates?: readonly DiscoveredItem[] | undefined;
  readonly prompts?: readonly DiscoveredItem[] | undefined;
  /** How long the lists that were read may be kept; absent = nothing is promised. */
  readonly listHints?: Readonly<Partial<Record<ListKind, ListHints>>> | undefined;
  readonly skipped: readonly SkippedItem[];
}

export interface SyncCounts {
  readonly toolsAdded: number;
  readonly toolsUpdated: number;
  readonly toolsRemoved: number;
  readonly resourcesAdded: number;
  readonly resourcesUpdated: number;
  readonly resourcesRemoved: number;
  readonly promptsAdded: number;
  readonly promptsUpdated: number;
  readonly promptsRemoved: number;
}

export interface SyncResult extends SyncCounts {
  /** Those of the reader and those refused here. */
  readonly skipped: readonly SkippedItem[];
}

/** Auth fields of API.md §2.1. A secret that is `*****` keeps what is stored. */
export interface GatewayAuthInput {
  readonly authType?: GatewayAuthType | null | undefined;
  readonly authUsername?: string | null | undefined;
  readonly authPassword?: string | null | undefined;
  readonly authToken?: string | null | undefined;
  readonly authHeaderKey?: string | null | undefined;
  readonly authHeaderValue?: string | null | undefined;
  readonly authHeaders?:
    readonly { readonly key: string; readonly value: string }[] | null | undefined;
  readonly authQueryParamKey?: string | null | undefined;
  readonly authQueryParamValue?: string | null | undefined;
  readonly oauthConfig?: JsonObject | null | undefined;
}

/** What an owner may set of a Gateway; absent = default or unchanged, `null` = back to the default. */
export interface GatewayFields extends GatewayAuthInput {
  readonly url?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly transport?: GatewayTransport | undefined;
  readonly command?: string | null | undefined;
  readonly args?: readonly string[] | undefined;
  /** Values that are `*****` keep what is stored under their name. */
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  readonly cwd?: string | null | undefined;
  readonly nameMode?: Gateway['nameMode'] | undefined;
  readonly sessionMode?: SessionMode | undefined;
  readonly asksClient?: boolean | undefined;
  readonly refreshIntervalSeconds?: number | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly maxDurationMs?: number | null | undefined;
  readonly connectTimeoutMs?: number | null | undefined;
  readonly initTimeoutMs?: number | null | undefined;
  readonly maxConcurrency?: number | undefined;
  readonly tags?: readonly (string | { readonly id: string })[] | undefined;
  readonly meta?: JsonObject | undefined;
}

export interface NewGateway extends GatewayFields {
  readonly id?: GatewayId | undefined;
  readonly name: string;
  readonly enabled?: boolean | undefined;
  /** The definition stands in a file of `serve --config`: its command needs no allow-list. */
  readonly trusted?: boolean | undefined;
}

export interface GatewayPatch extends GatewayFields {
  readonly name?: string | undefined;
}

/** What health checks find out; only what is given is written. */
export interface GatewayHealth {
  readonly status?: GatewayStatus;
  readonly reachable?: boolean;
  readonly statusMessage?: string | null;
  readonly lastError?: string | null;
  readonly lastSeen?: string | null;
}
