import type { Members } from '../kernel/json-members.js';
import { RELAYED, scanJson } from '../kernel/json-scan.js';
import type { Era } from '../kernel/mcp.js';
import { hasOtherRoot, wrappedSchema } from '../kernel/output-schema.js';
import type { JsonObject, Prompt, Resource, Tool } from '../kernel/catalog.js';

/** Definitions are shown as the upstream sent them: text is replaced, never parsed and written again. */

export function membersOf(definition: string): Members {
  return scanJson(definition, RELAYED).top;
}

const NOTHING: readonly string[] = [];
const CUT_FOR_MODERN = ['execution'];

/**
 * @param era of the clients it is shown to: revision 2026-07-28 has no `execution`
 * @param upstream the era of the upstream: a modern one may give values that are no objects
 */
export function toolText(
  tool: Tool,
  shownName: string,
  era: Era,
  upstream: Era | null = null,
): string {
  const changes = new Map([['name', JSON.stringify(shownName)]]);
  const title = tool.title ?? tool.displayName;
  if (title !== null) changes.set('title', JSON.stringify(title));
  if (tool.description !== null) changes.set('description', JSON.stringify(tool.description));
  if (tool.annotations !== null) changes.set('annotations', JSON.stringify(tool.annotations));
  addMeta(changes, tool);
  const output = era === 'legacy' && upstream === 'modern' ? outputSchemaOf(tool) : undefined;
  if (output !== undefined && hasOtherRoot(output))
    changes.set('outputSchema', wrappedSchema(output));
  return membersOf(tool.definition).spliced(changes, era === 'modern' ? CUT_FOR_MODERN : NOTHING);
}

function outputSchemaOf(tool: Tool): string | undefined {
  return membersOf(tool.definition).raw('outputSchema');
}

export function promptText(prompt: Prompt, shownName: string): string {
  const changes = new Map([['name', JSON.stringify(shownName)]]);
  addMeta(changes, prompt);
  return membersOf(prompt.definition).spliced(changes);
}

export function resourceText(resource: Resource, shownUri: string): string {
  const changes = new Map<string, string>();
  if (shownUri !== resource.uri)
    changes.set(resource.isTemplate ? 'uriTemplate' : 'uri', JSON.stringify(shownUri));
  addMeta(changes, resource);
  return changes.size === 0 ? resource.definition : membersOf(resource.definition).spliced(changes);
}

/** The owner's `_meta` over the upstream's, key by key. */
function addMeta(
  changes: Map<string, string>,
  item: { readonly definition: string; readonly meta: JsonObject },
): void {
  const own = Object.keys(item.meta);
  if (own.length === 0) return;
  const upstream = membersOf(item.definition).raw('_meta');
  const kept = upstream?.startsWith('{') ? membersOf(upstream).without(...own) : '';
  const added = JSON.stringify(item.meta).slice(1, -1);
  changes.set('_meta', `{${kept === '' ? '' : `${kept},`}${added}}`);
}
