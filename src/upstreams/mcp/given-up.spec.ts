import type { UpstreamRequest } from '../../kernel/upstream.js';
import { GivenUp } from './given-up.js';

const of = (caller: object, sessionId: string | null = null): UpstreamRequest =>
  ({ client: { sessionId }, caller }) as unknown as UpstreamRequest; // only what is read
const anonymous = (address: string) => ({
  type: 'anonymous',
  principalHash: 'the same',
  limiterKey: `ip:${address}`,
});
const person = (principalHash: string) => ({ type: 'user', principalHash, limiterKey: 'k' });

describe('GivenUp', () => {
  it('blurs what is for another client, until it is answered', () => {
    const gone = new GivenUp();
    gone.add(7, of(person('a')));
    expect(gone.blurs(of(person('b')))).toBe(true);
    expect(gone.blurs(of(person('a')))).toBe(false);
    gone.answered('7');
    expect(gone.blurs(of(person('b')))).toBe(false);
  });

  it('tells anonymous callers of different addresses apart', () => {
    const gone = new GivenUp();
    gone.add(1, of(anonymous('192.0.2.1')));
    expect(gone.blurs(of(anonymous('192.0.2.2')))).toBe(true);
    expect(gone.blurs(of(anonymous('192.0.2.1')))).toBe(false);
  });

  it('is clear unless something may still come', () => {
    const gone = new GivenUp();
    expect(gone.isClear).toBe(true);
    gone.add(7, of(person('a')));
    expect(gone.isClear).toBe(false);
    gone.answered('7');
    expect(gone.isClear).toBe(true);
  });

  it('tells sessions of one person apart', () => {
    const gone = new GivenUp();
    gone.add(1, of(person('a'), 's1'));
    expect(gone.blurs(of(person('a'), 's2'))).toBe(true);
  });
});
