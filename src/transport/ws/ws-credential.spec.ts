import { chooseProtocol, handshakeAuthorization } from './ws-credential.js';

describe('handshakeAuthorization', () => {
  it('takes the header first', () => {
    expect(handshakeAuthorization('Bearer a', 'mcp, mcp.bearer.b', '/ws?token=c', true)).toBe(
      'Bearer a',
    );
  });

  it.each(['mcp, mcp.bearer.x.y-z_1', 'mcp.auth.x.y-z_1,mcp'])('takes a token from %s', (offer) => {
    expect(handshakeAuthorization(undefined, offer, '/ws', false)).toBe('Bearer x.y-z_1');
  });

  it('takes a query only where the operator says so', () => {
    expect(handshakeAuthorization(undefined, 'mcp', '/ws?a=1&token=t', true)).toBe('Bearer t');
    expect(handshakeAuthorization(undefined, 'mcp', '/ws?token=t', false)).toBeUndefined();
    expect(handshakeAuthorization(undefined, undefined, '/ws', true)).toBeUndefined();
  });
});

describe('chooseProtocol', () => {
  it('answers mcp or nothing, never a token', () => {
    expect(chooseProtocol(new Set(['mcp.bearer.secret', 'mcp']))).toBe('mcp');
    expect(chooseProtocol(new Set(['mcp.bearer.secret']))).toBe(false);
  });
});
