import { PRODUCT_VERSION } from './product.js';

/** `serverInfo` of this gateway as JSON text. */
export function serverInfoText(name: string): string {
  return JSON.stringify({ name, version: PRODUCT_VERSION });
}

/**
 * A result of the gateway itself as a modern client wants it: whole, and saying who made it
 * (26 Overview §Results).
 * @param inside members of the result as text, '' for none
 * @param meta members of its `_meta` as text
 */
export function ownResult(inside: string, meta: string): string {
  const more = inside === '' ? '' : `,${inside}`;
  return `{"resultType":"complete"${more},"_meta":{${meta}}}`;
}

/** Members of the result of a tool that failed, as text: a failed tool is an answer (25 Tools §Error Handling). */
export function failedTool(words: string): string {
  return `"content":${JSON.stringify([{ type: 'text', text: words }])},"isError":true`;
}
