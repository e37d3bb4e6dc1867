import { RELAYED, scanElements, scanJson } from '../../kernel/json-scan.js';
import type { ModernRevision, Revision } from '../../kernel/mcp.js';
import { typeOf, withText } from './lower.js';

/** Content that older legacy revisions do not know, in words they know (PROTOCOL.md §5.7). */

/** Whether a revision is older than resource links and structured content. */
function isOld(revision: Revision | ModernRevision): boolean {
  return revision === '2025-03-26' || revision === '2024-11-05';
}

/**
 * A result for a client of an older revision. Others, and results that need no change, are answered as
 * they are.
 */
export function forRevision(
  method: string,
  result: string,
  revision: Revision | ModernRevision,
): string {
  if (!isOld(revision)) return result;
  const hasNoAudio = revision === '2024-11-05';
  if (!mayNeedChange(result, hasNoAudio)) return result;
  const lower = (block: string): string => lowered(block, hasNoAudio);
  if (method === 'tools/call') return toolResult(result, lower);
  return method === 'prompts/get' ? promptResult(result, lower) : result;
}

function mayNeedChange(result: string, hasNoAudio: boolean): boolean {
  return (
    result.includes('resource_link') ||
    result.includes('structuredContent') ||
    (hasNoAudio && result.includes('audio'))
  );
}

function toolResult(result: string, lower: (block: string) => string): string {
  const top = scanJson(result, RELAYED).top;
  let content = top.raw('content');
  const changes = new Map<string, string>();
  if (content?.startsWith('[') === true) {
    content = `[${scanElements(content, RELAYED).map(lower).join(',')}]`;
    changes.set('content', content);
  }
  const structured = top.raw('structuredContent');
  const longer = structured === undefined ? null : withText(content, structured);
  if (longer !== null) changes.set('content', longer);
  return top.spliced(changes);
}

function promptResult(result: string, lower: (block: string) => string): string {
  const top = scanJson(result, RELAYED).top;
  const messages = top.raw('messages');
  if (messages?.startsWith('[') !== true) return result;
  const changed = scanElements(messages, RELAYED).map((message) => {
    const members = message.startsWith('{') ? scanJson(message, RELAYED).top : null;
    const content = members?.raw('content');
    if (members === null || content === undefined) return message;
    return members.spliced(new Map([['content', lower(content)]]));
  });
  return top.spliced(new Map([['messages', `[${changed.join(',')}]`]]));
}

function lowered(block: string, hasNoAudio: boolean): string {
  const type = typeOf(block);
  if (type === 'resource_link') return linkAsText(block);
  return type === 'audio' && hasNoAudio ? audioAsResource(block) : block;
}

function linkAsText(block: string): string {
  const link = scanJson(block, RELAYED).top;
  const title = link.string('title') ?? link.string('name');
  const uri = link.string('uri') ?? '';
  return JSON.stringify({ type: 'text', text: title === undefined ? uri : `${title} (${uri})` });
}

/** An embedded resource needs a URI; this one says what it is, and can be read nowhere. */
function audioAsResource(block: string): string {
  const audio = scanJson(block, RELAYED).top;
  const mimeType = audio.raw('mimeType') ?? '"application/octet-stream"';
  const blob = audio.raw('data') ?? '""';
  return `{"type":"resource","resource":{"uri":"urn:mcpgateway:audio","mimeType":${mimeType},"blob":${blob}}}`;
}
