import { unbundled } from './unbundled.js';

const message = (n: number) => `{"jsonrpc":"2.0","id":${String(n)},"result":{"n":1.0}}`;
const array = (count: number) => `[${Array.from({ length: count }, (_, n) => message(n)).join()}]`;

describe('unbundled', () => {
  it('splits an array of 2025-03-26 into its messages, each as written', () => {
    const found = unbundled(` [${message(1)}, {"jsonrpc":"2.0","method":"x"} ]`, '2025-03-26');
    expect(found?.map(({ kind }) => kind)).toEqual(['response', 'notification']);
    expect(found?.[0]?.top.raw('result')).toBe('{"n":1.0}');
  });

  it.each([null, '2024-11-05', '2025-06-18', '2025-11-25'])('splits none of %s', (revision) => {
    expect(unbundled(array(1), revision)).toBeNull();
  });

  it.each([
    ['no array', message(1)],
    ['no JSON', `[${message(1)}`],
    ['an element that is no message', `[${message(1)},1]`],
    ['an array within', `[${array(1)}]`],
    ['too many messages', array(257)],
  ])('splits none that is or has %s', (_, text) => {
    expect(unbundled(text, '2025-03-26')).toBeNull();
  });

  it('takes as many as are allowed', () => {
    expect(unbundled(array(256), '2025-03-26')).toHaveLength(256);
  });
});
