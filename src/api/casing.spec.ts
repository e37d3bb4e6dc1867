import { inBothSpellings, toCamelCase, toSnakeCase } from './casing.js';

describe('casing', () => {
  it.each([
    ['auth_type', 'authType'],
    ['authType', 'authType'],
    ['associated_a2a_agents', 'associatedA2aAgents'],
    ['_meta', '_meta'],
    ['__proto__', '__proto__'],
    ['name', 'name'],
  ])('reads %s as %s', (given, expected) => {
    expect(toCamelCase(given)).toBe(expected);
  });

  it('writes snake_case', () => {
    expect(toSnakeCase('maxCallsPerMinute')).toBe('max_calls_per_minute');
  });

  it('doubles multi-word keys, and leaves data inside alone', () => {
    expect(inBothSpellings({ id: '1', gatewayId: 'g', _meta: { fooBar: 1 } })).toEqual({
      id: '1',
      gatewayId: 'g',
      gateway_id: 'g',
      _meta: { fooBar: 1 },
    });
  });
});
