import { parseUpstreamMessage } from './jsonrpc.js';
import { progressTokenOf, withProgressToken } from './progress-token.js';

const asked = (params: string) =>
  parseUpstreamMessage(`{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`).params;

describe('progressTokenOf', () => {
  it.each([
    ['{"_meta":{"progressToken":"1"}}', '"1"'],
    ['{"_meta":{"progressToken":1.0}}', '1.0'],
    ['{"_meta":{"x":1}}', undefined],
    ['{"_meta":7}', undefined],
    ['{}', undefined],
  ])('of %s is %s, as written', (params, token) => {
    expect(progressTokenOf(asked(params))).toBe(token);
  });

  it('is none where there are no params', () => {
    expect(progressTokenOf(null)).toBeUndefined();
  });
});

describe('withProgressToken', () => {
  it('replaces the token, and nothing else', () => {
    const inside = '"a":9007199254740993,"_meta":{"x":1.0,"progressToken":7},"b":{}';
    expect(withProgressToken(inside, '"ours"')).toBe(
      '"a":9007199254740993,"_meta":{"x":1.0,"progressToken":"ours"},"b":{}',
    );
    expect(withProgressToken(inside, null)).toBe('"a":9007199254740993,"_meta":{"x":1.0},"b":{}');
  });

  it('replaces it however its key is written', () => {
    const inside = String.raw`"_meta":{"progress\u0054oken":7}`;
    expect(withProgressToken(inside, '8')).toBe('"_meta":{"progressToken":8}');
  });

  it.each(['', '"a":1', '"_meta":{"x":1}', '"_meta":[{"progressToken":1}]'])(
    'leaves %j as it is: nobody wants to be told',
    (inside) => {
      expect(withProgressToken(inside, '"ours"')).toBe(inside);
    },
  );
});
