import { createHash } from 'node:crypto';
import { ROLE_PERMISSIONS, type Caller } from '../../src/kernel/caller.js';

/** Alice, an admin whose token never ends; say only what matters. */
export function aCaller(more: Partial<Caller> = {}): Caller {
  const principal = more.principal ?? 'alice';
  const role = more.role ?? 'admin';
  return Object.freeze({
    principal,
    type: 'user',
    role,
    permissions: ROLE_PERMISSIONS[role],
    scopes: null,
    limiterKey: `user:${principal}`,
    principalHash: createHash('sha256').update(principal).digest('base64url'),
    visibility: '*',
    expiresAt: Infinity,
    tokenId: null,
    ...more,
  });
}
