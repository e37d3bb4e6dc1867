import { takeOut } from './take-out.js';

describe('takeOut', () => {
  it.each(['a', 'b', 'c'])('takes %s out and keeps the others', (item) => {
    const list = ['a', 'b', 'c'];
    expect(takeOut(list, item)).toBe(true);
    expect(list.sort()).toEqual(['a', 'b', 'c'].filter((other) => other !== item));
  });

  it('leaves a list without it alone', () => {
    const list = ['a'];
    expect(takeOut(list, 'b')).toBe(false);
    expect(list).toEqual(['a']);
  });
});
