import type { GatewayId } from '../kernel/ids.js';
import { listAnswer, readListRequest } from './list-query.js';

const time = 'time-id' as GatewayId;
const gatewayIdOf = (text: string): GatewayId | undefined => (text === 'time' ? time : undefined);
const read = (parameters: Record<string, unknown>) => readListRequest(parameters, gatewayIdOf);

describe('readListRequest', () => {
  it('reads every parameter in either spelling', () => {
    const { query, shape } = read({
      includeInactive: '1',
      tags: 'A,b c',
      tags_all: ['x'],
      q: 'text',
      gateway_id: 'time',
      enabled: 'no',
      reachable: 'true',
      sort: '-updatedAt',
      limit: '10',
      cursor: 'abc',
      includePagination: 'true',
      fields: 'name,url',
      visibility: 'public',
    });
    expect(query).toEqual({
      includeInactive: true,
      tags: ['a', 'b-c'],
      tagsAll: ['x'],
      q: 'text',
      gatewayId: time,
      enabled: false,
      reachable: true,
      sort: '-updatedAt',
      limit: 10,
      cursor: 'abc',
    });
    expect(shape).toEqual({
      isWrapped: true,
      fields: new Set(['id', 'name', 'url']),
      hasMetrics: true,
    });
  });

  it('asks for everything by default', () => {
    const { query, shape } = read({});
    expect(Object.values(query).every((value) => value === undefined)).toBe(true);
    expect(shape).toEqual({ isWrapped: false, fields: null, hasMetrics: true });
  });

  it('tells local records from those of a gateway nobody knows', () => {
    expect(read({ gateway_id: 'null' }).query.gatewayId).toBeNull();
    expect(read({ gateway_id: 'nobody' }).query.gatewayId).toBe('nobody');
  });

  it('refuses what it cannot serve', () => {
    expect(() => read({ apijsonpath: '$', q: 'x'.repeat(201), limit: 'many' })).toThrow(
      '3 fields are invalid',
    );
  });
});

describe('listAnswer', () => {
  const page = { items: [{ id: '1', name: 'a' }], nextCursor: 'next', total: 2 };

  it('is a bare array with the cursor beside it', () => {
    const answer = listAnswer(
      'tools',
      page,
      { isWrapped: false, fields: null, hasMetrics: true },
      (item) => item,
    );
    expect(answer.body).toEqual([{ id: '1', name: 'a' }]);
    expect(answer.about.nextCursor).toBe('next');
  });

  it('wraps, and keeps only the chosen fields', () => {
    const shape = { isWrapped: true, fields: new Set(['id']), hasMetrics: true };
    const answer = listAnswer('tools', page, shape, (item) => item);
    expect(answer.body).toEqual({ tools: [{ id: '1' }], nextCursor: 'next', total: 2 });
  });

  it('leaves out what records were used for, when asked to', () => {
    const shape = { isWrapped: false, fields: null, hasMetrics: false };
    const view = (item: { id: string }) => ({ id: item.id, metrics: {}, executionCount: 3 });
    expect(listAnswer('tools', page, shape, view).body).toEqual([{ id: '1' }]);
  });
});
