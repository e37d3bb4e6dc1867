import { asksMore, parseChallenge, scopeUnion } from './challenge.js';

describe('a challenge', () => {
  it('is read with its scope, error and place of metadata', () => {
    const header =
      'Bearer error="insufficient_scope", scope="a b", resource_metadata="https://x.example/m"';
    expect(parseChallenge(header)).toEqual({
      error: 'insufficient_scope',
      scope: 'a b',
      resourceMetadataUrl: 'https://x.example/m',
    });
  });

  it.each([
    ['another scheme', 'Basic realm="x", scope="a"', {}],
    ['nothing', undefined, {}],
    ['a bare word', 'Bearer scope=a', { scope: 'a' }],
    ['a name twice', 'Bearer scope="a", scope="b"', { scope: 'a' }],
    ['a scheme before it', 'Basic realm="x", Bearer scope="a"', { scope: 'a' }],
    ['no address', 'Bearer resource_metadata="here", scope="a"', { scope: 'a' }],
  ])('with %s is taken for what it is worth', (_what, header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe('scopes', () => {
  it('of both sides are asked for together, each once', () => {
    expect(scopeUnion('a b', 'b c')).toBe('a b c');
    expect(scopeUnion(null, '')).toBeUndefined();
  });

  it('that were asked for before are no more', () => {
    expect(asksMore('a c', 'a b')).toBe(true);
    expect(asksMore('a', 'a b')).toBe(false);
    expect(asksMore(undefined, null)).toBe(false);
  });
});
