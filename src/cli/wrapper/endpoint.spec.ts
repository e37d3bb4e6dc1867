import { oldStreams, shownUrl, toEndpoint } from './endpoint.js';

describe('the endpoint of a URL', () => {
  it.each([
    ['http://h:4444', 'http://h:4444/mcp'],
    ['http://h:4444/', 'http://h:4444/mcp'],
    ['https://h/gw/', 'https://h/gw/mcp'],
    ['http://h/mcp', 'http://h/mcp'],
    ['http://h/mcp/', 'http://h/mcp'],
    ['http://h/servers/dev', 'http://h/servers/dev/mcp'],
    ['http://h/servers/dev/mcp', 'http://h/servers/dev/mcp'],
    ['http://h/servers/dev/sse', 'http://h/servers/dev/mcp'],
    ['http://h/sse?x=1#top', 'http://h/mcp?x=1'],
  ])('%s is %s', (given, endpoint) => {
    expect(toEndpoint(given).url.href).toBe(endpoint);
  });

  it('takes a user and password out of the URL', () => {
    const { url, authorization } = toEndpoint('http://al%40x:p%3Aw@h/mcp?key=s');
    expect(authorization).toBe(`Basic ${Buffer.from('al@x:p:w').toString('base64')}`);
    expect(shownUrl(url)).toBe('http://h/mcp');
  });

  it('keeps the URL as it was given, for servers of an older kind', () => {
    expect(toEndpoint('http://a:b@h/api/sse?x=1#top').given.href).toBe('http://h/api/sse?x=1');
  });

  it.each([
    ['http://h', ['http://h/', 'http://h/sse']],
    ['http://h/servers/dev/', ['http://h/servers/dev/', 'http://h/servers/dev/sse']],
    ['http://h/gw/mcp?x=1', ['http://h/gw/mcp?x=1', 'http://h/gw/sse?x=1']],
    ['http://h/sse', ['http://h/sse']],
  ])('knows where an older server may have its stream for %s', (given, streams) => {
    expect(oldStreams(new URL(given)).map(({ href }) => href)).toEqual(streams);
  });

  it.each(['', 'localhost:4444', 'ws://h/ws', 'http://'])('refuses %j', (given) => {
    expect(() => toEndpoint(given)).toThrow('http://');
  });
});
