import { GatewayError } from '../kernel/errors.js';
import { etagOf } from './answer.js';

/** Entity tags of a list, `*` among them; weak ones count as strong. */
const tagsOf = (header: string): string[] =>
  header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));

/**
 * Whether the client has this representation already (RFC 9110 §13.1.2). Not Express's `fresh`: it says
 * no to every request of `fetch`, which sets `Cache-Control: no-cache` beside the condition.
 */
export function noneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return true;
  const given = tagsOf(header);
  return !given.includes('*') && !given.includes(etag);
}

/**
 * Compares `If-Match` with the version of an entity (API.md §1.8). A `W/` that a proxy added counts not.
 * @returns the version that must still be there when it is written; `undefined` when nothing was asked
 * @throws GatewayError `precondition_failed`
 */
export function matchVersion(header: string | undefined, version: number): number | undefined {
  if (header === undefined) return undefined;
  const given = tagsOf(header);
  if (given.includes('*')) return undefined;
  const current = etagOf(version);
  if (given.includes(current)) return version;
  throw new GatewayError(
    'precondition_failed',
    { current: `v${version}`, given: given.join(', ').replaceAll('"', '').slice(0, 100) },
    { data: { current: { version, etag: current } } },
  );
}
