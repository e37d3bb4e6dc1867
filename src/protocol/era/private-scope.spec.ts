import { keptPrivate } from './private-scope.js';

describe('keptPrivate', () => {
  it('makes a public result private and leaves the rest as it was written', () => {
    expect(keptPrivate('{"contents":[ 1.0 ],"cacheScope" : "public","x":2}')).toBe(
      '{"contents":[ 1.0 ],"cacheScope":"private","x":2}',
    );
  });

  it.each([
    '{"contents":[],"cacheScope":"private"}',
    '{"contents":[]}',
    '{"contents":[{"cacheScope":"public"}],"cacheScope":"private"}',
    '{"contents":[{"cacheScope":"public"}]}',
  ])('leaves %s as it is', (result) => {
    expect(keptPrivate(result)).toBe(result);
  });
});
