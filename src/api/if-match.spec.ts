import { GatewayError } from '../kernel/errors.js';
import { matchVersion } from './if-match.js';

describe('matchVersion', () => {
  it('asks for nothing without the header, or with *', () => {
    expect(matchVersion(undefined, 4)).toBeUndefined();
    expect(matchVersion('*', 4)).toBeUndefined();
  });

  it.each(['"v4"', 'W/"v4"', '"v1", "v4"'])('accepts %s for version 4', (header) => {
    expect(matchVersion(header, 4)).toBe(4);
  });

  it.each(['"v3"', 'v4', '""', '"v3", W/"v5"'])('refuses %s for version 4', (header) => {
    const refused = expect(() => matchVersion(header, 4));
    refused.toThrow(GatewayError);
    refused.toThrow(expect.objectContaining({ code: 'precondition_failed' }));
  });

  it('names both versions, and gives the current one to machines', () => {
    try {
      matchVersion('"v3"', 4);
      throw new Error('passed');
    } catch (e) {
      expect(e).toMatchObject({
        message: 'Version is v4, If-Match says v3',
        extras: { data: { current: { version: 4, etag: '"v4"' } } },
      });
    }
  });
});
