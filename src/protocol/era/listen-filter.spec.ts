import { filterText, parseFilter } from './listen-filter.js';

const parsed = (filter: object) => parseFilter(JSON.stringify(filter));
const many = (n: number) => Array.from({ length: n }, (_, i) => `n${String(i)}`);

describe('parseFilter', () => {
  it('reads what is asked for, each name once', () => {
    const filter = parsed({ toolsListChanged: true, taskIds: ['a', 'b', 'a'] });
    expect(filter).toMatchObject({ taskIds: ['a', 'b'], resourceSubscriptions: [] });
    expect(filterText(filter)).toBe('{"toolsListChanged":true,"taskIds":["a","b"]}');
  });

  it('refuses other types, and too many names', () => {
    for (const filter of [
      { taskIds: 'a' },
      { taskIds: [1] },
      { resourceSubscriptions: {} },
      { toolsListChanged: 1 },
      { taskIds: many(60), resourceSubscriptions: many(60) },
    ])
      expect(() => parsed(filter)).toThrow(
        expect.objectContaining({ code: 'invalid_params' }) as Error,
      );
  });
});
