import type { Caller, Permission } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';

/** The one access decision: both planes ask here (SECURITY.md S20). */
export function can(caller: Caller, permission: Permission): boolean {
  return caller.permissions.has(permission);
}

/** @throws GatewayError `forbidden` naming the permission */
export function requirePermission(caller: Caller, permission: Permission): void {
  if (!caller.permissions.has(permission)) throw new GatewayError('forbidden', { permission });
}
