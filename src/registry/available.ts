import type { Gateway } from '../kernel/catalog.js';

/** Whether the items of a Gateway are listed and can be called now. */
export function isAvailable(gateway: Gateway): boolean {
  return gateway.enabled && gateway.status !== 'unhealthy' && gateway.status !== 'pending';
}
