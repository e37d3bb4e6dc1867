import { type Permission, PERMISSIONS } from '../kernel/caller.js';

/** Spellings of existing tokens, and what they mean here (API.md §6.3). */
const SYNONYMS: Readonly<Record<string, readonly Permission[]>> = {
  'prompts.execute': ['prompts.read'],
  'servers.manage': ['servers.create', 'servers.update', 'servers.delete'],
  'admin.metrics': ['metrics.read'],
};

/**
 * The permissions that one name of a token stands for: `tools.read`, `tools:read`, `tools.*`, `*`.
 * @returns an empty list for names that mean nothing here: they grant nothing
 */
export function expandPermission(name: string): readonly Permission[] {
  const dotted = name.trim().replaceAll(':', '.');
  if (dotted === '*') return PERMISSIONS;
  if (dotted.endsWith('.*')) {
    const prefix = dotted.slice(0, -1);
    return PERMISSIONS.filter((permission) => permission.startsWith(prefix));
  }
  if (Object.hasOwn(SYNONYMS, dotted)) return SYNONYMS[dotted] ?? [];
  return PERMISSIONS.filter((permission) => permission === dotted);
}
