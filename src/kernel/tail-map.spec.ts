import { TailMap } from './tail-map.js';

const TAIL = 'x'.repeat(30);

describe('TailMap', () => {
  it('finds what was set by the whole key', () => {
    const map = new TailMap<number>();
    map.set(`a${TAIL}`, 1);
    map.set('short', 2);
    expect([map.get(`a${TAIL}`), map.get('short'), map.get('other'), map.size]).toEqual([
      1,
      2,
      undefined,
      2,
    ]);
  });

  it('does not take another key with the same tail for it', () => {
    const map = new TailMap<number>();
    map.set(`a${TAIL}`, 1);
    expect(map.get(`b${TAIL}`)).toBeUndefined();
    expect(map.delete(`b${TAIL}`)).toBe(false);
    expect(map.get(`a${TAIL}`)).toBe(1);
  });

  it('keeps the later of two keys with one tail', () => {
    const map = new TailMap<number>();
    map.set(`a${TAIL}`, 1);
    map.set(`b${TAIL}`, 2);
    expect([map.get(`a${TAIL}`), map.get(`b${TAIL}`), map.size]).toEqual([undefined, 2, 1]);
  });

  it('names the oldest, and all with their values', () => {
    const map = new TailMap<number>();
    expect(map.oldest()).toBeUndefined();
    map.set('one', 1);
    map.set('two', 2);
    expect(map.oldest()).toBe('one');
    expect([...map]).toEqual([
      ['one', 1],
      ['two', 2],
    ]);
    expect(map.delete('one')).toBe(true);
    expect(map.oldest()).toBe('two');
  });
});
