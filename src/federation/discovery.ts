import { RELAYED, findMembers } from '../kernel/json-scan.js';
import type { GatewayTransport, JsonObject, ListHints, SkippedItem } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { LIST_CAPABILITY, LIST_KINDS, RPC_CODE, type ListKind } from '../kernel/mcp.js';
import type { Discovered, DiscoveredItem } from '../registry/discovered.js';
import { withUsableMarks } from './header-marks.js';
import type { Greeting } from '../upstreams/mcp/connection.js';
import { KIND_RULES, readPage } from './item-reader.js';
import { reasonOf } from './reason.js';

/** Bounds of what is read of one list (SECURITY.md S36). */
const MAX_PAGES = 50;
const MAX_ITEMS = 5000;

const METHODS: Readonly<Record<ListKind, string>> = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
};

/** Sends one request of our own; answers the `result` as JSON text. */
export type Ask = (method: string, params: string) => Promise<string>;

export interface Upstream {
  readonly greeting: Greeting;
  readonly transport: GatewayTransport;
  /** When its era was found, ISO 8601 UTC. */
  readonly eraAt: string;
  readonly ask: Ask;
}

export interface Discovery {
  readonly found: Discovered;
  /** The lists that could not be read, and why; their old items stay. */
  readonly failures: readonly { readonly list: ListKind; readonly error: unknown }[];
}

/**
 * Reads the lists that an upstream declares (PROTOCOL.md §7.5). A list that it does not declare is
 * empty; one that fails is left undefined, and the others are read all the same.
 * @param wanted which lists to read; the others are left undefined
 */
export async function discover(
  upstream: Upstream,
  wanted: ReadonlySet<ListKind> = new Set(LIST_KINDS),
): Promise<Discovery> {
  const { greeting } = upstream;
  const declared = findMembers(greeting.capabilities, RELAYED);
  const lists: Partial<Record<ListKind, readonly DiscoveredItem[]>> = {};
  const listHints: Partial<Record<ListKind, ListHints>> = {};
  const skipped: SkippedItem[] = [];
  const failures: { list: ListKind; error: unknown }[] = [];
  for (const list of LIST_KINDS) {
    if (!wanted.has(list)) continue;
    if (declared?.has(LIST_CAPABILITY[list]) !== true) {
      lists[list] = [];
      continue;
    }
    try {
      const read = await readList(list, upstream.ask);
      const isBound = greeting.era === 'modern' && upstream.transport === 'STREAMABLEHTTP';
      const { usable, unusable } = withUsableMarks(isBound && list === 'tools', read.items);
      lists[list] = usable;
      if (greeting.era === 'modern') listHints[list] = read.hints;
      skipped.push(...read.skipped, ...unusable);
    } catch (error) {
      if (isAbsent(list, error)) lists[list] = [];
      else failures.push({ list, error });
    }
  }
  const found: Discovered = {
    transport: upstream.transport,
    capabilities: objectOf(greeting.capabilities) ?? {},
    serverInfo: objectOf(greeting.serverInfo),
    instructions: greeting.instructions,
    protocolVersion: greeting.protocolVersion,
    era: greeting.era,
    eraAt: upstream.eraAt,
    ...lists,
    listHints,
    skipped,
  };
  return { found, failures };
}

/** Lists that could not be read, as text for people. */
export function failureTexts({ failures }: Discovery): string[] {
  return failures.map(({ list, error }) => `${METHODS[list]}: ${reasonOf(error)}`);
}

interface ReadList {
  readonly items: DiscoveredItem[];
  readonly hints: ListHints;
  readonly skipped: SkippedItem[];
}

async function readList(list: ListKind, ask: Ask): Promise<ReadList> {
  const items: DiscoveredItem[] = [];
  const skipped: SkippedItem[] = [];
  const cursors = new Set<string>();
  const { kind } = KIND_RULES[list];
  let params = '';
  let size = 0;
  let hints: ListHints | undefined;
  for (let pages = 1; ; pages++) {
    const page = readPage(list, await ask(METHODS[list], params));
    if (page === undefined)
      throw new GatewayError('upstream_error', { reason: `the answer has no list '${list}'` });
    size += page.size;
    hints = lesser(hints, page.hints);
    items.push(...page.items);
    skipped.push(...page.skipped);
    const cut = reasonToStop(page.nextCursor, { cursors, pages, size });
    if (cut !== undefined) skipped.push({ kind, name: '', reason: cut });
    if (page.nextCursor === undefined || cut !== undefined) break;
    cursors.add(page.nextCursor);
    params = `"cursor":${JSON.stringify(page.nextCursor)}`;
  }
  return { items: items.slice(0, MAX_ITEMS), skipped: skipped.slice(0, MAX_ITEMS), hints };
}

/** Pages should agree; where they do not, the list lives as long as its first page to go. */
function lesser(a: ListHints | undefined, b: ListHints): ListHints {
  if (a === undefined) return b;
  const isPublic = a.cacheScope === 'public' && b.cacheScope === 'public';
  return {
    ttlMs: Math.min(a.ttlMs, b.ttlMs),
    cacheScope: isPublic ? 'public' : 'private',
  };
}

function reasonToStop(
  cursor: string | undefined,
  read: { cursors: ReadonlySet<string>; pages: number; size: number },
): string | undefined {
  if (read.size > MAX_ITEMS) return `items beyond ${String(MAX_ITEMS)} were not taken`;
  if (cursor === undefined) return undefined;
  if (read.cursors.has(cursor)) return 'the list repeats a cursor: what follows was not read';
  return read.pages >= MAX_PAGES ? `pages beyond ${String(MAX_PAGES)} were not read` : undefined;
}

/** Many servers with resources know no templates, and say so only when asked. */
function isAbsent(list: ListKind, error: unknown): boolean {
  return (
    list === 'resourceTemplates' &&
    error instanceof UpstreamRpcError &&
    error.code === RPC_CODE.methodNotFound
  );
}

function objectOf(text: string | null): JsonObject | null {
  const value: unknown = text === null ? null : JSON.parse(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : null;
}
