import { parseScopes, visibilityOf } from './scopes.js';

describe('the scopes claim', () => {
  it('narrows nothing when absent, null, or empty', () => {
    for (const claim of [undefined, null, {}, { servers: [], tools: null, server_id: null }])
      expect(parseScopes(claim)).toEqual({ scopes: null, networks: null });
  });

  it('takes texts and lists, and the older names', () => {
    const parsed = parseScopes({
      server_id: 'dev',
      servers: ['prod', 'dev'],
      tools: 'time-*',
      permissions: ['tools:execute'],
      ip_allow: ['10.0.0.0/8'],
    });
    expect(parsed?.scopes).toEqual({
      servers: ['prod', 'dev'],
      tools: ['time-*'],
      permissions: ['tools:execute'],
      ipRestrictions: ['10.0.0.0/8'],
    });
    expect(parsed?.networks?.contains('10.9.9.9')).toBe(true);
  });

  it.each([
    ['a text', 'admin'],
    ['a list', ['tools']],
    ['a number in a list', { tools: [1] }],
    ['an empty name', { servers: [''] }],
    ['no CIDR', { ip_restrictions: ['office'] }],
    ['a restriction that is not enforced', { time_restrictions: { days: ['mon'] } }],
    ['a limit that is not enforced', { usage_limits: { tool_calls_per_minute: 5 } }],
  ])('is refused with %s', (_, claim) => {
    expect(parseScopes(claim)).toBeUndefined();
  });

  it('shows the same catalog to equal choices in any order, and another to others', () => {
    const a = visibilityOf({ tools: ['a', 'b'], servers: ['s'] });
    expect(a).toBe(visibilityOf({ servers: ['s'], tools: ['b', 'a'] }));
    expect(a).not.toBe(visibilityOf({ tools: ['a', 'b'] }));
    expect(visibilityOf({ tools: ['x'] })).not.toBe(visibilityOf({ servers: ['x'] }));
    expect(visibilityOf({ permissions: ['tools.read'] })).toBe('*');
    expect(visibilityOf(null)).toBe('*');
  });
});
