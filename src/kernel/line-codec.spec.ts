import { LineCodec } from './line-codec.js';

function codec(maxLineBytes = 1024): { codec: LineCodec; seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    codec: new LineCodec({
      maxLineBytes,
      onLine: (line) => seen.push(line),
      onFault: (fault) => seen.push(`!${fault}`),
    }),
  };
}

function feed(text: string | Buffer, size: number, maxLineBytes?: number): string[] {
  const { codec: c, seen } = codec(maxLineBytes);
  const bytes = Buffer.from(text as string);
  for (let i = 0; i < bytes.length; i += size) c.push(bytes.subarray(i, i + size));
  c.end();
  return seen;
}

describe('LineCodec', () => {
  it.each([1, 2, 3, 7, 1000])('reads the same lines from chunks of %i bytes', (size) => {
    expect(feed('{"a":"äöü€😀"}\n{"b":1}\r\n\n\r\nlast', size)).toEqual([
      '{"a":"äöü€😀"}',
      '{"b":1}',
      'last',
    ]);
  });

  it.each([1, 100])('removes a byte order mark, chunks of %i bytes', (size) => {
    expect(feed('\ufeff{"a":1}\n\ufeff\n{"b":2}\n', size)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('keeps a carriage return within a line', () => {
    expect(feed('a\rb\r\n', 2)).toEqual(['a\rb']);
  });

  it.each([1, 3, 100])('lets lines of exactly the limit pass, chunks of %i bytes', (size) => {
    expect(feed('12345678\n12345678\r\n123456789\nok\n', size, 8)).toEqual([
      '12345678',
      '12345678',
      '!overflow',
      'ok',
    ]);
  });

  it('tells of an endless line once and goes on behind its end', () => {
    const { codec: c, seen } = codec(100);
    for (let i = 0; i < 1000; i++) c.push(Buffer.alloc(1000, 0x78));
    expect(seen).toEqual(['!overflow']);
    c.push(Buffer.from('tail\n{"ok":1}\n'));
    expect(seen).toEqual(['!overflow', '{"ok":1}']);
  });

  it('drops a line that is no UTF-8, and only that', () => {
    const bad = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}\nok\n'),
    ]);
    expect(feed(bad, 4)).toEqual(['!encoding', 'ok']);
  });

  it('lets a replacement character pass that was sent as one', () => {
    expect(feed('a\ufffdb\n', 2)).toEqual(['a\ufffdb']);
  });

  it('needs linear time for a long line in single bytes', () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024, 0x61);
    const { codec: c, seen } = codec(bytes.length);
    const started = performance.now();
    for (let i = 0; i < bytes.length; i++) c.push(bytes.subarray(i, i + 1));
    c.push(Buffer.from('\n'));
    expect(seen[0]).toHaveLength(bytes.length);
    // Quadratic copying would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
