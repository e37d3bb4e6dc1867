import { canonicalJson } from './canonical-json.js';

const canonical = (text: string): string => canonicalJson(JSON.parse(text));

describe('canonicalJson', () => {
  it('orders keys by UTF-16 code units at every depth', () => {
    expect(canonical('{"b":{"z":1,"a":[{"y":2,"x":3}]},"a":null}')).toBe(
      '{"a":null,"b":{"a":[{"x":3,"y":2}],"z":1}}',
    );
    // RFC 8785 §3.2.3: the emoji comes before the letter, though its code point is greater.
    expect(canonical('{"\\ufb33":1,"\\ud83d\\ude00":2}')).toBe('{"\ud83d\ude00":2,"\ufb33":1}');
  });

  it('spells numbers and strings in one way', () => {
    expect(canonical('[1.0, 1e2, 0.000001, "\\u0041\\/"]')).toBe('[1,100,0.000001,"A/"]');
  });

  it('keeps the order of arrays, and tells values apart', () => {
    expect(canonical('[2,1]')).not.toBe(canonical('[1,2]'));
    expect(canonical('{"a":"1"}')).not.toBe(canonical('{"a":1}'));
  });
});
