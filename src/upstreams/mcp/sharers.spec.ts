import type { SessionOwner } from './connection.js';
import { LineSharers } from './sharers.js';

function made() {
  const found: string[] = [];
  const sharers = new LineSharers((id) => {
    found.push(id);
    return { id } as unknown as SessionOwner; // compared only
  });
  const names = () => sharers.all().map((one) => (one as unknown as { id: string }).id);
  return { sharers, found, names };
}

describe('LineSharers', () => {
  it('knows the sessions that came, each by one hearer', () => {
    const { sharers, found, names } = made();
    for (const id of ['a', 'a', 'b', null, 'a']) sharers.met(id);
    expect(names()).toEqual(['a', 'b']);
    expect(sharers.one('a')).toBe(sharers.all()[0]);
    expect(found).toEqual(['a', 'b']);
  });

  it('forgets who has left, until it comes again', () => {
    const { sharers, names } = made();
    sharers.met('a');
    sharers.left('a');
    expect(names()).toEqual([]);
    sharers.met('a');
    expect(names()).toEqual(['a']);
  });

  it('is bounded: who came first goes first', () => {
    const { sharers, names } = made();
    for (let i = 0; i <= 4096; i++) sharers.met(`s${String(i)}`);
    expect(names()).toHaveLength(4096);
    expect(names()[0]).toBe('s1');
  });
});
