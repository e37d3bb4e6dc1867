import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import type { ServerRequestMethod } from '../../../kernel/mcp.js';

/** First letter of the keys under which modern clients see questions that had none. */
export const KEY_LETTER: Readonly<Record<ServerRequestMethod, string>> = {
  'elicitation/create': 'e',
  'sampling/createMessage': 's',
  'roots/list': 'r',
};

/** A legacy upstream's request as an entry of `inputRequests`; `params` is the inside of its params. */
export function toInputRequest(method: ServerRequestMethod, params: string): string {
  const inside = modernParams(params);
  return inside === '' ? `{"method":"${method}"}` : `{"method":"${method}","params":{${inside}}}`;
}

/** Without what names a relation that ends here, or does not exist in the modern era (PROTOCOL.md §5.4). */
function modernParams(params: string): string {
  const { top, nested } = scanJson(`{${params}}`, { ...RELAYED, nested: ['_meta'] });
  const rest = top.without('_meta', 'task', 'elicitationId');
  const meta = nested['_meta']?.without('progressToken') ?? '';
  if (meta === '') return rest;
  return rest === '' ? `"_meta":{${meta}}` : `${rest},"_meta":{${meta}}`;
}

/** The `result` that asks a modern client; `entries` are keys with entries of `inputRequests`. */
export function inputRequiredText(
  entries: Iterable<readonly [key: string, request: string]>,
  requestState: string,
): string {
  const inside = Array.from(entries, ([key, request]) => `${JSON.stringify(key)}:${request}`);
  return `{"resultType":"input_required","inputRequests":{${inside.join(',')}},"requestState":${JSON.stringify(requestState)}}`;
}
