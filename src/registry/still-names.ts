import { GatewayError } from '../kernel/errors.js';
import type { CatalogView, ResourceEntry } from './entries.js';

/** Whether a URI means in a view what it meant in an earlier one; of an upstream that is down for now, too. */
export function stillNames(view: CatalogView | null, uri: string, was: ResourceEntry): boolean {
  if (view === null) return false;
  try {
    const { gateway, upstreamUri } = view.resource(uri);
    return gateway.id === was.gateway.id && upstreamUri === was.upstreamUri;
  } catch (e) {
    if (e instanceof GatewayError) return e.code === 'upstream_unavailable';
    throw e;
  }
}
