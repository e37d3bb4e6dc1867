import type { Members } from '../kernel/json-members.js';
import { findMembers, RELAYED, scanElements } from '../kernel/json-scan.js';
import type { ListHints, SkippedItem } from '../kernel/catalog.js';
import type { ListKind } from '../kernel/mcp.js';
import type { DiscoveredItem } from '../registry/discovered.js';

const MAX_NAME_LENGTH = 128;

interface KindRule {
  readonly kind: SkippedItem['kind'];
  /** The member that tells the items of a list apart. */
  readonly key: 'name' | 'uri' | 'uriTemplate';
  /** A member that must be there, a JSON Schema of `type: object` (25 Tools §Tool). */
  readonly schema?: string;
  /** Members that must be objects where they are present. */
  readonly objects: readonly string[];
}

export const KIND_RULES: Readonly<Record<ListKind, KindRule>> = {
  tools: {
    kind: 'tool',
    key: 'name',
    schema: 'inputSchema',
    objects: ['outputSchema', 'annotations'],
  },
  prompts: { kind: 'prompt', key: 'name', objects: [] },
  resources: { kind: 'resource', key: 'uri', objects: [] },
  resourceTemplates: { kind: 'resource_template', key: 'uriTemplate', objects: [] },
};

/** One page of a list, its items as they were written. */
export interface Page {
  readonly items: DiscoveredItem[];
  readonly skipped: SkippedItem[];
  /** `undefined` on the last page; an empty text is a cursor. */
  readonly nextCursor: string | undefined;
  /** Of a modern upstream; what is missing or no hint promises nothing. */
  readonly hints: ListHints;
  /** How many elements the page had. */
  readonly size: number;
}

/**
 * Reads a result of a list method. An item that cannot be used is left out alone.
 * @returns `undefined` when the result holds no such list
 */
export function readPage(list: ListKind, result: string): Page | undefined {
  const page = findMembers(result, RELAYED);
  const array = page?.raw(list);
  if (page === undefined || !array?.startsWith('[')) return undefined;
  const elements = scanElements(array, RELAYED);
  const items: DiscoveredItem[] = [];
  const skipped: SkippedItem[] = [];
  const { kind } = KIND_RULES[list];
  for (const text of elements) {
    const { name, reason } = readItem(list, text);
    if (reason === undefined) items.push({ name, text });
    else skipped.push({ kind, name: name.slice(0, 255), reason });
  }
  return {
    items,
    skipped,
    nextCursor: page.string('nextCursor'),
    hints: readHints(page),
    size: elements.length,
  };
}

function readHints(page: Members): ListHints {
  const ttlMs: unknown = JSON.parse(page.raw('ttlMs') ?? '0');
  const isTime = typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs > 0;
  const isPublic = page.string('cacheScope') === 'public';
  return { ttlMs: isTime ? ttlMs : 0, cacheScope: isPublic ? 'public' : 'private' };
}

function readItem(list: ListKind, text: string): { name: string; reason?: string } {
  const { key, schema, objects } = KIND_RULES[list];
  const members = findMembers(text, RELAYED);
  if (members === undefined) return { name: '', reason: 'not an object' };
  const name = members.string(key);
  if (name === undefined || name === '') return { name: '', reason: `no valid ${key}` };
  if (key === 'name' && name.length > MAX_NAME_LENGTH)
    return { name, reason: `the name is longer than ${String(MAX_NAME_LENGTH)} characters` };
  const fault = schema === undefined ? undefined : schemaFault(schema, members.raw(schema));
  if (fault !== undefined) return { name, reason: fault };
  const bad = objects.find((o) => members.has(o) && !members.raw(o)?.startsWith('{'));
  return bad === undefined ? { name } : { name, reason: `${bad} is not an object` };
}

/** One tool without a schema makes strict clients refuse the whole list. */
function schemaFault(member: string, raw: string | undefined): string | undefined {
  if (raw === undefined) return `${member} is missing`;
  const schema = findMembers(raw, RELAYED);
  if (schema === undefined) return `${member} is not an object`;
  return schema.string('type') === 'object' ? undefined : `${member} is not of type object`;
}
