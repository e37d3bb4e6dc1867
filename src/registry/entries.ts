import type { Gateway, Prompt, Resource, Tool } from '../kernel/catalog.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Era, ListKind } from '../kernel/mcp.js';
import type { ArgumentSchema } from './schema/argument-schema.js';
import type { ShownUris } from './shown-uris.js';

/** A Tool as one view shows it: the same object for the life of a view, so caches can be keyed by it. */
export interface ToolEntry {
  readonly tool: Tool;
  readonly gateway: Gateway;
  readonly shownName: string;
  /** What URIs in its results are shown as; `null` = as they are. */
  readonly uris: ShownUris | null;
  /** Its input schema, ready at the first call. */
  schema(): ArgumentSchema;
  /** Whether it runs as a task of 2025-11-25 only. */
  isTaskOnly(): boolean;
}

export interface PromptEntry {
  readonly prompt: Prompt;
  readonly gateway: Gateway;
  readonly shownName: string;
  readonly uris: ShownUris | null;
}

export interface ResourceEntry {
  readonly resource: Resource;
  readonly gateway: Gateway;
  /** The URI to ask the upstream for. */
  readonly upstreamUri: string;
  readonly uris: ShownUris | null;
}

/** What the Gateways of a view offer, for `initialize`. */
export interface ViewCapabilities {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly completions: boolean;
  readonly logging: boolean;
  /** Whether one of its Gateways takes `resources/subscribe`. */
  readonly subscribe: boolean;
}

/** The lists of a view; `wideTools` has what `/rpc` shows of a tool besides (API.md §3.3). */
export type ShownList = ListKind | 'wideTools';

/** A part of a list. */
export interface PageOf {
  /** Sort key of the last item already sent; `null` = from the start. */
  readonly after: string | null;
  readonly size: number;
  readonly era: Era;
}

/** One item of a list, and what lists are sorted by. */
export type Item = readonly [key: string, text: string];

/** What makes a list another one: its items and what is missing, but not how long it is good. */
export interface ListContent {
  /** In their order. */
  readonly items: readonly Item[];
  /** Names of the Gateways whose items are absent. */
  readonly missing: readonly string[];
}

/** What one kind of Caller sees, globally or of one Server. Immutable; lives as long as its Snapshot. */
export interface CatalogView {
  /** Visibility and Server. */
  readonly key: string;
  readonly instructions: string | null;
  readonly gateways: readonly Gateway[];
  readonly capabilities: ViewCapabilities;
  /** The whole `result` of a list as JSON text, serialised once. */
  listText(kind: ShownList, era: Era): string;
  /** What tells two readings of a list apart; the same object for the life of a view. */
  listContent(kind: ShownList, era: Era): ListContent;
  /** The lists whose `listContent` was asked for. */
  compared(): readonly (readonly [kind: ShownList, era: Era])[];
  /**
   * One page of it.
   * @returns `last`: sort key to go on from; `null` on the last page
   */
  page(kind: ShownList, page: PageOf): { text: string; last: string | null };
  /** What URIs of a Gateway are shown as; `null` = as they are. */
  uris(gatewayId: GatewayId): ShownUris | null;
  /** Whether one of its lists shows an item of that Gateway. */
  shows(gatewayId: GatewayId, kind: ListKind): boolean;
  /** @throws GatewayError `tool_not_found`, `tool_disabled`, `upstream_unavailable` */
  tool(name: string): ToolEntry;
  /** @throws GatewayError `prompt_not_found`, `upstream_unavailable` */
  prompt(name: string): PromptEntry;
  /** Exact URI, then templates in list order. @throws GatewayError `resource_not_found`, `upstream_unavailable` */
  resource(uri: string): ResourceEntry;
  /** A template by its own text, else as `resource`: what completion refers to. */
  template(uriTemplate: string): ResourceEntry;
}
