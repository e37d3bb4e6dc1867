import { PERMISSIONS, type Role, type Scopes } from '../kernel/caller.js';
import { can, requirePermission } from './access.js';
import { makeCaller } from './make-caller.js';

const caller = (role: Role, permissions?: string[]) => {
  const scopes: Scopes | null = permissions === undefined ? null : { permissions };
  return makeCaller({ principal: 'alice', type: 'user', role, scopes, limiterKey: 'user:alice' });
};

describe('access', () => {
  it('follows the role', () => {
    expect(can(caller('viewer'), 'tools.read')).toBe(true);
    expect(can(caller('viewer'), 'tools.execute')).toBe(false);
    expect(can(caller('operator'), 'tools.execute')).toBe(true);
    expect(can(caller('operator'), 'admin.commands')).toBe(false);
    expect(PERMISSIONS.every((permission) => can(caller('admin'), permission))).toBe(true);
  });

  it('names the permission that is missing', () => {
    expect(() => {
      requirePermission(caller('viewer'), 'tools.create');
    }).toThrow('Insufficient permissions: tools.create is required');
  });

  it('narrows the role by scopes and never widens it', () => {
    const narrowed = caller('viewer', ['tools.*', 'admin.commands']);
    expect([...narrowed.permissions]).toEqual(['tools.read']);
  });

  it('understands the spellings of existing tokens', () => {
    expect([...caller('admin', ['tools:execute']).permissions]).toEqual(['tools.execute']);
    expect([...caller('admin', ['admin.metrics']).permissions]).toEqual(['metrics.read']);
    expect(caller('admin', ['servers.manage']).permissions.size).toBe(3);
    expect(caller('admin', ['*']).permissions.size).toBe(PERMISSIONS.length);
  });

  it('grants nothing for names that mean nothing', () => {
    expect(caller('admin', ['constructor', 'teams.join', 'tool.*']).permissions.size).toBe(0);
  });

  it('makes Callers that cannot be changed', () => {
    expect(Object.isFrozen(caller('admin'))).toBe(true);
  });
});
