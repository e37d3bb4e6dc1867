import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { LastingProgress } from './lasting-progress.js';

const said = (progressToken: unknown, progress: number): Message =>
  parseUpstreamMessage(
    JSON.stringify({
      ...{ jsonrpc: '2.0', method: 'notifications/progress' },
      params: { progressToken, progress, total: 9 },
    }),
  );

function aHearer() {
  const heard: string[] = [];
  return { heard, isOver: false, progress: (params: string) => heard.push(params) };
}

describe('LastingProgress', () => {
  it('gives what grows to the request of its token, until that is over', () => {
    const lasting = new LastingProgress();
    const [one, two] = [aHearer(), aHearer()];
    lasting.add(1, one);
    lasting.add(2, two);
    const taken = [said(1, 1), said(2, 5), said(1, 1), said(1, 2), said('1', 3), said(7, 1)].map(
      (message) => lasting.take(message),
    );
    expect(taken).toEqual([true, true, false, true, false, false]);
    expect([one.heard, two.heard]).toEqual([
      ['"progress":1,"total":9', '"progress":2,"total":9'],
      ['"progress":5,"total":9'],
    ]);
    one.isOver = true;
    expect(lasting.take(said(1, 3))).toBe(false);
  });

  it('is bounded: the oldest goes first', () => {
    const lasting = new LastingProgress();
    const hearer = aHearer();
    for (let id = 1; id <= 257; id++) lasting.add(id, hearer);
    expect([lasting.take(said(1, 1)), lasting.take(said(2, 1))]).toEqual([false, true]);
  });
});
