import type { Members } from './json-members.js';
import { RELAYED, findMembers } from './json-scan.js';

/** The token under which the sender of a request wants to hear of its progress, as it wrote it. */
export function progressTokenOf(params: Members | null): string | undefined {
  return findMembers(params?.raw('_meta'), RELAYED)?.raw('progressToken');
}

/**
 * The inside of a request's params, its progress token replaced; unchanged where it has none. A token
 * names a relation that ends at the gateway (PROTOCOL.md §0 rule 2).
 * @param token JSON text; `null` where nothing will be told
 */
export function withProgressToken(inside: string, token: string | null): string {
  const top = findMembers(`{${inside}}`, RELAYED);
  const meta = findMembers(top?.raw('_meta'), RELAYED);
  if (top === undefined || meta?.has('progressToken') !== true) return inside;
  const own =
    token === null
      ? meta.spliced(new Map(), ['progressToken'])
      : meta.spliced(new Map([['progressToken', token]]));
  return top.spliced(new Map([['_meta', own]])).slice(1, -1);
}
