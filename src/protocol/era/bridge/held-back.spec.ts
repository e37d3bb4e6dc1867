import type { UpstreamObserver } from '../../../kernel/upstream.js';
import { HeldBack } from './held-back.js';

function aStream() {
  const heard: string[] = [];
  const stream: UpstreamObserver = {
    progress: (params) => heard.push(`progress ${params}`),
    notification: (method, params) => heard.push(`${method} ${params}`),
    ask: () => () => undefined,
    end: () => undefined,
  };
  return { heard, stream };
}

describe('HeldBack', () => {
  it('tells notices in order, then the latest progress, once', () => {
    const held = new HeldBack();
    const { heard, stream } = aStream();
    held.latest('1');
    held.notice('n', 'a');
    held.latest('2');
    held.notice('n', 'b');
    held.tell(stream);
    held.tell(stream);
    expect(heard).toEqual(['n a', 'n b', 'progress 2']);
  });

  it('keeps fifty notices and a megabyte, then has room again once they were told', () => {
    const held = new HeldBack();
    const large = 'x'.repeat(600_000);
    expect([held.notice('n', large), held.notice('n', large), held.notice('n', 's')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(held.latest('x'.repeat(2_000_000))).toBe(false);
    held.tell(aStream().stream);
    for (let i = 0; i < 50; i++) expect(held.notice('n', 'x')).toBe(true);
    expect(held.notice('n', 'x')).toBe(false);
  });
});
