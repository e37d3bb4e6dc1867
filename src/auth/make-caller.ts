import { createHash } from 'node:crypto';
import {
  type Caller,
  type Permission,
  type Role,
  ROLE_PERMISSIONS,
  type Scopes,
} from '../kernel/caller.js';
import { expandPermission } from './permission-names.js';
import { visibilityOf } from './scopes.js';

interface Identity {
  readonly principal: string;
  readonly type: Caller['type'];
  readonly role: Role;
  readonly scopes?: Scopes | null;
  readonly limiterKey: string;
  readonly expiresAt?: number;
  readonly tokenId?: string | null;
}

/** The one place where Callers are made: frozen, because requests share them. */
export function makeCaller(identity: Identity): Caller {
  const scopes = identity.scopes ?? null;
  return Object.freeze<Caller>({
    principal: identity.principal,
    type: identity.type,
    role: identity.role,
    permissions: permissionsOf(identity.role, scopes),
    scopes,
    limiterKey: identity.limiterKey,
    principalHash: createHash('sha256').update(identity.principal).digest('base64url'),
    visibility: visibilityOf(scopes),
    expiresAt: identity.expiresAt ?? Infinity,
    tokenId: identity.tokenId ?? null,
  });
}

/** What the role may do, cut down to what the scopes name. */
function permissionsOf(role: Role, scopes: Scopes | null): ReadonlySet<Permission> {
  const ofRole = ROLE_PERMISSIONS[role];
  if (scopes?.permissions === undefined) return ofRole;
  return new Set(scopes.permissions.flatMap(expandPermission).filter((p) => ofRole.has(p)));
}
