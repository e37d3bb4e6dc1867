import { blankRecord, isFresh, recordFrom } from './login-record.js';

const token = { access_token: 't', token_type: 'Bearer' };

describe('a record of logins', () => {
  it('belongs to one address: at another nothing of it is used', () => {
    const record = { ...blankRecord('https://a.example/mcp'), tokens: token };
    expect(recordFrom(record, 'https://a.example/mcp')).toBe(record);
    expect(recordFrom(record, 'https://b.example/mcp')).toEqual(
      blankRecord('https://b.example/mcp'),
    );
    expect(recordFrom(null, 'https://a.example/mcp').tokens).toBeNull();
  });

  it('is fresh until 30 s before its token ends', () => {
    const record = { ...blankRecord('u'), tokens: { ...token, expires_in: 60 }, tokensAt: 1000 };
    expect(isFresh(record, 30_999)).toBe(true);
    expect(isFresh(record, 31_000)).toBe(false);
    expect(isFresh({ ...record, tokens: token }, 1e15)).toBe(true);
    expect(isFresh(blankRecord('u'), 0)).toBe(false);
  });
});
