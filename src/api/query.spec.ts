import { Query } from './query.js';

describe('Query', () => {
  it('takes either spelling of a name', () => {
    expect(new Query({ include_inactive: 'true' }).flag('include_inactive')).toBe(true);
    expect(new Query({ includeInactive: 'ON' }).flag('include_inactive')).toBe(true);
    expect(new Query({}).flag('include_inactive')).toBeUndefined();
  });

  it('joins repeated and comma-separated lists', () => {
    expect(new Query({ tags: ['a,b', ' c '] }).list('tags')).toEqual(['a', 'b', 'c']);
  });

  it('names every fault at once', () => {
    const query = new Query({ limit: '-1', enabled: 'maybe' });
    query.whole('limit', 0, 1000);
    query.flag('enabled');
    expect(() => {
      query.check();
    }).toThrow(expect.objectContaining({ message: '2 fields are invalid' }));
  });

  it.each(['1001', '1.5', '1e3', ' 1', '0x1', '9'.repeat(400)])('refuses %s as a limit', (text) => {
    const query = new Query({ limit: text });
    expect(query.whole('limit', 0, 1000)).toBeUndefined();
    expect(() => {
      query.check();
    }).toThrow('1 field is invalid');
  });

  it('does not mistake nested names for parameters', () => {
    const query = new Query({ 'q[__proto__][x]': '1' });
    expect(query.text('q')).toBeUndefined();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
