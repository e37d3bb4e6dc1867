import { LATEST_LEGACY, RPC_CODE } from '../../kernel/mcp.js';
import type { Call } from '../../kernel/call.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { RELAYED, scanElements, scanJson } from '../../kernel/json-scan.js';
import { failedTool } from '../../kernel/own-result.js';
import { hasOtherRoot } from '../../kernel/output-schema.js';
import { type DemandedPage, demandedPages } from './bridge/demanded-urls.js';

/** What crosses from a modern upstream to a legacy client is edited here, and nothing else (PROTOCOL.md §5.2). */

const MODERN_ONLY = ['resultType', 'ttlMs', 'cacheScope'];

/**
 * The `result` of a modern upstream as a legacy client may read it: members are cut or replaced as
 * text, all others stay as they were written.
 * @param definition the tool as the upstream lists it, for `tools/call`
 */
export function lowerResult(method: string, result: string, definition?: string): string {
  if (!result.startsWith('{')) return result;
  const top = scanJson(result, RELAYED).top;
  const structured = method === 'tools/call' ? top.raw('structuredContent') : undefined;
  if (structured === undefined) return `{${top.without(...MODERN_ONLY)}}`;
  const changes = new Map<string, string>();
  if (!structured.startsWith('{') || isWrapped(definition))
    changes.set('structuredContent', `{"result":${structured}}`);
  const content = withText(top.raw('content'), structured);
  if (content !== null) changes.set('content', content);
  return top.spliced(changes, MODERN_ONLY);
}

/**
 * The error of an upstream in the words of a legacy client of that revision.
 * @returns the result that stands for it, where a failed tool is an answer
 * @throws what was given, or the same under another code
 */
export function lowerError(call: Call, error: unknown): string {
  if (!(error instanceof UpstreamRpcError)) throw error;
  const { method } = call.message;
  if (method === 'tools/call' && call.client.revision !== LATEST_LEGACY) {
    const pages = demandedPages(error);
    if (pages !== null) return `{${failedTool(textOf(pages))}}`;
  }
  if (error.era === 'legacy') throw error;
  if (error.code === RPC_CODE.missingCapability) {
    const text = messageOf(error);
    if (method === 'tools/call') return `{${failedTool(text)}}`;
    throw new UpstreamRpcError(
      JSON.stringify({ code: RPC_CODE.internalError, message: text }),
      RPC_CODE.internalError,
    );
  }
  if (method === 'resources/read' && error.code === RPC_CODE.invalidParams && namesUri(error))
    throw withCode(error, RPC_CODE.resourceNotFound);
  throw error;
}

/** Revisions before 2025-11-25 have no error that asks for pages: its words must do. */
function textOf(pages: readonly DemandedPage[]): string {
  return pages.map(({ url, message }) => `${message}\n${url}`).join('\n\n');
}

/** Whether legacy lists show the `outputSchema` of a tool as that of a member. */
function isWrapped(definition: string | undefined): boolean {
  if (definition === undefined) return false;
  const schema = scanJson(definition, RELAYED).top.raw('outputSchema');
  return schema !== undefined && hasOtherRoot(schema);
}

/** The content with the structured value as text behind it; `null` when it has a text already. */
export function withText(content: string | undefined, structured: string): string | null {
  const blocks = content?.startsWith('[') === true ? scanElements(content, RELAYED) : [];
  if (blocks.some((block) => typeOf(block) === 'text')) return null;
  const text = JSON.stringify({ type: 'text', text: structured });
  return `[${[...blocks, text].join(',')}]`;
}

/** The `type` of a content block. */
export function typeOf(block: string): string | undefined {
  return block.startsWith('{') ? scanJson(block, RELAYED).top.string('type') : undefined;
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
  const top = scanJson(error.error, RELAYED).top;
  return new UpstreamRpcError(top.spliced(new Map([['code', String(code)]])), code, error.era);
}
