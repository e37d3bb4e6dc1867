import { TailRing } from './tail-ring.js';

describe('TailRing', () => {
  it('keeps whole lines, an open one last, and skips empty ones', () => {
    const ring = new TailRing(1024, 100);
    ring.push(Buffer.from('one\r\n\ntw'));
    ring.push(Buffer.from('o\nthr'));
    expect(ring.tail().text).toBe('one\ntwo\nthr');
  });

  it('cuts long lines', () => {
    const ring = new TailRing(1024, 4);
    for (let i = 0; i < 10; i++) ring.push(Buffer.from('abc'));
    ring.push(Buffer.from('\nnext\n'));
    expect(ring.tail().text).toBe('abca\nnext');
  });

  it('tells where a line is not whole, and whether lines before are gone', () => {
    const ring = new TailRing(10, 4);
    ring.push(Buffer.from('abc\r\n\r\nd'));
    expect(ring.tail()).toEqual({ text: 'abc\nd', isCut: false, cuts: [5] });
    ring.push(Buffer.from('efgh\nijö\n'));
    expect(ring.tail()).toEqual({ text: 'defg\nijö', isCut: true, cuts: [4, 8] });
    ring.push(Buffer.from('klmö\nö'.slice(0, 4)));
    ring.push(Buffer.from('\n'));
    expect(ring.tail()).toEqual({ text: 'ijö\nklm', isCut: true, cuts: [3, 7] });
  });

  it.each([10, 64 * 1024, 1024 * 1024])(
    'keeps the end of a flood in chunks of %i bytes',
    (size) => {
      const ring = new TailRing(1000, 100);
      const bytes = Buffer.from('x\n'.repeat(1024 * 1024) + 'end\n');
      for (let i = 0; i < bytes.length; i += size) ring.push(bytes.subarray(i, i + size));
      expect(ring.tail().text.length).toBeLessThanOrEqual(1000);
      expect(ring.tail().text).toMatch(/^(x\n)+end$/);
    },
  );
});
