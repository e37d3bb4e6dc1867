import { loadConfig } from '../../config/load-config.js';
import type { EventStream } from './event-stream.js';
import { EventRings } from './event-rings.registry.js';
import { ResumableStream } from './resumable-stream.js';

/** A reader of whom only what is written to him matters. */
class Reader {
  readonly got: string[] = [];
  ended = false;
  send(message: string, id: string): boolean {
    this.got.push(`${id.split('.')[1] ?? ''}:${message}`);
    return true;
  }
  write(text: string): boolean {
    this.got.push(text);
    return true;
  }
  end(last?: string): void {
    if (last !== undefined) this.got.push(last);
    this.ended = true;
  }
}

const reader = (): Reader & EventStream => new Reader() as Reader & EventStream;
const limits = { maxEvents: 3, maxBytes: 100, maxAgeMs: Infinity };

describe('ResumableStream', () => {
  it('begins with an id and a pause only for who can read an empty event', () => {
    const [old, young] = [reader(), reader()];
    new ResumableStream('s', 'session', limits).begin(old, null);
    new ResumableStream('s', 'session', limits).begin(young, 5000);
    expect([old.got, young.got]).toEqual([[], ['id: s.0\nretry: 5000\ndata: \n\n']]);
  });

  it('gives who comes back the rest, then what is still to come', () => {
    const stream = new ResumableStream('s', 'session', limits);
    const [first, second] = [reader(), reader()];
    stream.begin(first, null);
    stream.send('a');
    stream.left(first);
    stream.send('b');
    stream.resume(second, 1);
    stream.finish('c');
    expect(first.got).toEqual(['1:a']);
    expect(second.got).toEqual(['2:b', 'id: s.3\nevent: message\ndata: c\n\n']);
    expect(second.ended).toBe(true);
  });

  it('gives the answer to who comes back after it', () => {
    const stream = new ResumableStream('s', 'session', limits);
    const [first, second] = [reader(), reader()];
    stream.begin(first, null);
    stream.left(first);
    stream.finish('answer');
    stream.resume(second, 0);
    expect([second.got, second.ended]).toEqual([['1:answer'], true]);
  });

  it('keeps so many events and bytes, and knows what it no longer reaches', () => {
    const stream = new ResumableStream('s', 'session', limits);
    for (const message of ['a', 'b', 'c', 'd']) stream.send(message);
    expect([0, 1, 4, 5].map((n) => stream.reaches(n))).toEqual([false, true, true, false]);
    stream.send('x'.repeat(99));
    stream.send('y');
    expect([3, 4].map((n) => stream.reaches(n))).toEqual([false, true]);
  });

  it('keeps events only so long where it lasts itself', () => {
    const stream = new ResumableStream('s', 'session', { ...limits, maxAgeMs: 0 });
    stream.send('a');
    stream.expire();
    expect([0, 1].map((n) => stream.reaches(n))).toEqual([false, true]);
    expect(stream.keptBytes).toBe(0);
  });
});

describe('EventRings', () => {
  it('keeps one listening stream of a session, and what is said while nobody reads', () => {
    const first = rings.listen('s1');
    expect(rings.keepFor('s1', 'a')).toBe(true);
    expect(rings.keepFor('s2', 'a')).toBe(false);
    expect(rings.find('s1', `${String(first?.id)}.0`)).toEqual({
      stream: first,
      after: 0,
      isListening: true,
    });
    expect(rings.find('s2', `${String(first?.id)}.0`)).toBeUndefined();
    rings.listen('s1');
    expect(rings.find('s1', `${String(first?.id)}.0`)).toBeUndefined();
    rings.forget(performance.now());
    expect(rings.keepFor('s1', 'a')).toBe(false);
  });

  const rings = new EventRings(loadConfig({}, { cwd: '/' }));
  afterAll(() => {
    rings.onModuleDestroy();
  });

  it('finds a stream for its own session only', () => {
    const stream = rings.open('alice');
    const id = `${stream?.id ?? ''}.0`;
    expect(rings.find('alice', id)?.stream).toBe(stream);
    for (const [session, event] of [
      ['bob', id],
      ['alice', `${stream?.id ?? ''}.1`],
      ['alice', 'junk'],
      ['alice', `${'0'.repeat(24)}.0`],
    ] as const)
      expect(rings.find(session, event)).toBeUndefined();
  });

  it('forgets what nobody reads', () => {
    const stream = rings.open('alice');
    rings.forget(performance.now() + 1);
    expect(rings.find('alice', `${stream?.id ?? ''}.0`)).toBeUndefined();
  });

  it('keeps nothing where it is switched off', () => {
    const off = new EventRings(
      loadConfig({ STREAMABLE_HTTP_MAX_EVENTS_PER_STREAM: '0' }, { cwd: '/' }),
    );
    expect(off.open('alice')).toBeNull();
    off.onModuleDestroy();
  });
});
