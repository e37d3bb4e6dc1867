import fc from 'fast-check';
import { scanElements, scanJson } from './json-scan.js';
import { JsonScanError } from './json-tokens.js';

const verdict = (text: string): boolean => {
  try {
    scanJson(text, { uniqueKeys: false });
    return true;
  } catch (e) {
    expect(e).toBeInstanceOf(JsonScanError);
    return false;
  }
};
const oracle = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('scanJson', () => {
  it('accepts what JSON.parse accepts, for any JSON value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(verdict(text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse on damaged texts', () => {
    const damaged = fc
      .tuple(
        fc.json({ maxDepth: 4 }),
        fc.nat(),
        fc.constantFrom(...Array.from('{}[]",:\\ue1.0-+ \n\u0000x')),
      )
      .map(([t, n, c]) => {
        const i = n % (t.length + 1);
        return t.slice(0, i) + c + t.slice(i + (n % 3));
      });
    fc.assert(
      fc.property(damaged, (text) => {
        expect(verdict(text)).toBe(oracle(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '',
    ' ',
    '01',
    '1.',
    '.5',
    '-',
    '+1',
    '1e',
    'tru',
    '"\u0001"',
    '"\\x"',
    '"\\u12g4"',
    '"',
  ])('refuses %j', (text) => {
    expect(verdict(text)).toBe(false);
  });

  it('gives members as written', () => {
    const { top, nested } = scanJson(
      '{"id": 1.0, "params" : {"n":9007199254740993,"a\\u0062":"x\\ny", "z":{}}}',
      { nested: ['params'] },
    );
    expect(top.raw('id')).toBe('1.0');
    expect(nested['params']?.raw('n')).toBe('9007199254740993');
    expect(nested['params']?.string('ab')).toBe('x\ny');
    expect(nested['params']?.without('ab')).toBe('"n":9007199254740993,"z":{}');
    expect(nested['params']?.string('n')).toBeUndefined();
  });

  it('refuses the same key twice at any depth, however it is written', () => {
    for (const text of ['{"a":1,"a":2}', '[{"b":{"a":1,"\\u0061":2}}]'])
      expect(() => scanJson(text)).toThrow(expect.objectContaining({ fault: 'duplicate' }));
    const many = Array.from({ length: 30 }, (_, i) => `"k${String(i)}":0`).join(',');
    expect(() => scanJson(`{${many}}`)).not.toThrow();
    expect(() => scanJson(`{${many},"k3":1}`)).toThrow(
      expect.objectContaining({ fault: 'duplicate' }),
    );
  });

  it('stops at the depth limit', () => {
    const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
    expect(() => scanJson(deep(64))).not.toThrow();
    expect(() => scanJson(deep(65))).toThrow(expect.objectContaining({ fault: 'depth' }));
  });

  it('splits an array into its elements as written', () => {
    expect(scanElements(' [1.0, {"a" :[2]},"x,y" ,[]] ')).toEqual([
      '1.0',
      '{"a" :[2]}',
      '"x,y"',
      '[]',
    ]);
    expect(scanElements('[]')).toEqual([]);
    expect(scanElements('[1,[2,3,4]]', { maxElements: 2 })).toHaveLength(2);
    expect(() => scanElements('[1,2,3]', { maxElements: 2 })).toThrow(
      expect.objectContaining({ fault: 'elements' }),
    );
    for (const text of ['{}', '[1', '[1]x', '[,]'])
      expect(() => scanElements(text)).toThrow(JsonScanError);
  });

  it('passes on no key that another parser could take for a reserved one', () => {
    const { top } = scanJson('{"name":"a","Name":"b","argument\u017f":{},"arguments":{},"x":1}');
    expect(top.rest(['name'], ['name', 'arguments'])).toBe('"arguments":{},"x":1');
  });
});
