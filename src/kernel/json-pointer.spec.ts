import { pointerToken } from './json-pointer.js';

describe('pointerToken', () => {
  it.each([
    ['plain', 'plain'],
    ['a/b', 'a~1b'],
    ['m~n', 'm~0n'],
    ['~1', '~01'],
  ])('writes %j as %j', (key, token) => {
    expect(pointerToken(key)).toBe(token);
  });
});
