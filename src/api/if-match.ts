import { GatewayError } from '../kernel/errors.js';
import { etagOf } from './answer.js';

/**
 * Compares `If-Match` with the version of an entity (API.md §1.8). A `W/` that a proxy added counts not.
 * @returns the version that must still be there when it is written; `undefined` when nothing was asked
 * @throws GatewayError `precondition_failed`
 */
export function matchVersion(header: string | undefined, version: number): number | undefined {
  if (header === undefined) return undefined;
  const given = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (given.includes('*')) return undefined;
  const current = etagOf(version);
  if (given.includes(current)) return version;
  throw new GatewayError(
    'precondition_failed',
    { current: `v${version}`, given: given.join(', ').replaceAll('"', '').slice(0, 100) },
    { data: { current: { version, etag: current } } },
  );
}
