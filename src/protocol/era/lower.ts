import type { Call } from '../../kernel/call.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Members } from '../../kernel/json-members.js';
import { scanElements, scanJson } from '../../kernel/json-scan.js';
import { hasOtherRoot } from '../../kernel/output-schema.js';

/** What crosses from a modern upstream to a legacy client is edited here, and nothing else (PROTOCOL.md §5.2). */

const SCAN = { maxDepth: 512, uniqueKeys: false } as const;
const MODERN_ONLY = ['resultType', 'ttlMs', 'cacheScope'];
const INVALID_PARAMS = -32602;
const RESOURCE_NOT_FOUND = -32002;
const MISSING_CAPABILITY = -32021;
const INTERNAL_ERROR = -32603;

/**
 * The `result` of a modern upstream as a legacy client may read it: members are cut or replaced as
 * text, all others stay as they were written.
 * @param definition the tool as the upstream lists it, for `tools/call`
 */
export function lowerResult(method: string, result: string, definition?: string): string {
  const top = scanJson(result, SCAN).top;
  const structured = method === 'tools/call' ? top.raw('structuredContent') : undefined;
  if (structured === undefined) return `{${top.without(...MODERN_ONLY)}}`;
  const changes = new Map<string, string>();
  if (!structured.startsWith('{') || isWrapped(definition))
    changes.set('structuredContent', `{"result":${structured}}`);
  const content = withText(top.raw('content'), structured);
  if (content !== null) changes.set('content', content);
  return replaced(top, changes, MODERN_ONLY);
}

/**
 * The error of a modern upstream in a legacy client's words.
 * @returns the result that stands for it, where a failed tool is an answer
 * @throws what was given, or the same under another code
 */
export function lowerError(call: Call, error: unknown): string {
  if (!(error instanceof UpstreamRpcError) || error.era === 'legacy') throw error;
  const { method } = call.message;
  if (error.code === MISSING_CAPABILITY) {
    const text = messageOf(error);
    if (method === 'tools/call')
      return JSON.stringify({ content: [{ type: 'text', text }], isError: true });
    throw new UpstreamRpcError(
      JSON.stringify({ code: INTERNAL_ERROR, message: text }),
      INTERNAL_ERROR,
    );
  }
  if (method === 'resources/read' && error.code === INVALID_PARAMS && namesUri(error))
    throw withCode(error, RESOURCE_NOT_FOUND);
  throw error;
}

/** Whether legacy lists show the `outputSchema` of a tool as that of a member. */
function isWrapped(definition: string | undefined): boolean {
  if (definition === undefined) return false;
  const schema = scanJson(definition, SCAN).top.raw('outputSchema');
  return schema !== undefined && hasOtherRoot(schema);
}

/** The content with the structured value as text behind it; `null` when it has a text already. */
export function withText(content: string | undefined, structured: string): string | null {
  const blocks = content?.startsWith('[') === true ? scanElements(content, SCAN) : [];
  if (blocks.some((block) => typeOf(block) === 'text')) return null;
  const text = JSON.stringify({ type: 'text', text: structured });
  return `[${[...blocks, text].join(',')}]`;
}

/** An object with some members replaced, added or cut; all others as they were written. */
export function replaced(
  top: Members,
  changes: ReadonlyMap<string, string>,
  cut: readonly string[] = [],
): string {
  const parts: string[] = [];
  for (const key of new Set([...top.names(), ...changes.keys()]))
    if (!cut.includes(key))
      parts.push(`${JSON.stringify(key)}:${changes.get(key) ?? top.raw(key) ?? 'null'}`);
  return `{${parts.join(',')}}`;
}

/** The `type` of a content block. */
export function typeOf(block: string): string | undefined {
  return block.startsWith('{') ? scanJson(block, SCAN).top.string('type') : undefined;
}

function messageOf(error: UpstreamRpcError): string {
  const { message } = JSON.parse(error.error) as { message?: unknown };
  const said = typeof message === 'string' ? message : 'a capability is missing';
  return `The upstream needs what this client cannot do: ${said}`;
}

function namesUri(error: UpstreamRpcError): boolean {
  const { data } = JSON.parse(error.error) as { data?: { uri?: unknown } | null };
  return typeof data?.uri === 'string';
}

function withCode(error: UpstreamRpcError, code: number): UpstreamRpcError {
  const top = scanJson(error.error, SCAN).top;
  return new UpstreamRpcError(replaced(top, new Map([['code', String(code)]])), code, error.era);
}
