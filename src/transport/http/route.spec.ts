import { dataRoute } from './route.js';

const ID = '1f0c6d4e-8b2a-4c3d-9e8f-0a1b2c3d4e5f';

describe('dataRoute', () => {
  it.each([
    ['/mcp', 'mcp'],
    ['/mcp/', 'mcp'],
    ['/v1/mcp', 'mcp'],
    ['/mcp?x=1', 'mcp'],
    ['/rpc', 'rpc'],
    ['/v1/rpc/', 'rpc'],
    ['/sse', 'sse'],
    ['/message?session_id=x', 'message'],
    ['/v1/messages', 'message'],
    ['/ws/', 'ws'],
  ])('takes %s', (url, endpoint) => {
    expect(dataRoute(url, '')).toMatchObject({ endpoint, server: null });
  });

  it('knows the plain forms and the methods they stand for', () => {
    expect(dataRoute('/v1/protocol/ping/', '')).toMatchObject({
      endpoint: 'plain',
      method: 'ping',
    });
    expect(dataRoute('/initialize', '')).toMatchObject({ endpoint: 'plain', method: 'initialize' });
    expect(dataRoute('/protocol', '')).toBeUndefined();
  });

  it('reads the server of a server endpoint, by id in any form or by name', () => {
    expect(dataRoute(`/servers/${ID}/mcp`, '')?.serverId).toBe(ID);
    expect(
      dataRoute(`/v1/servers/${ID.replaceAll('-', '').toUpperCase()}/mcp/`, '')?.serverId,
    ).toBe(ID);
    expect(dataRoute('/servers/my%20clock/mcp', '')).toMatchObject({
      server: 'my clock',
      serverId: null,
    });
  });

  it.each(['mcp', 'sse', 'message', 'ws'])('knows %s below a server', (endpoint) => {
    expect(dataRoute(`/servers/${ID}/${endpoint}`, '')).toMatchObject({ endpoint, serverId: ID });
  });

  it.each([
    '/',
    '/servers/a/rpc',
    '/servers/a/tools',
    '/servers/a/constructor',
    '//mcp',
    '/MCP',
    '/%6dcp',
    '/mcp;a',
    '/mcp//',
    '/mcp/../admin',
    '/mcp%2f..%2fadmin',
    '/servers//mcp',
    '/servers/a/b/mcp',
    '/servers/%zz/mcp',
    '/v1',
    '/v1/',
    '/v1/v1/mcp',
    '/mcpx',
    '/tools',
  ])('leaves %s to the control plane', (url) => {
    expect(dataRoute(url, '')).toBeUndefined();
  });

  it('takes paths below the root path', () => {
    expect(dataRoute('/gw/mcp', '/gw')).toMatchObject({ endpoint: 'mcp' });
    expect(dataRoute('/gwx/mcp', '/gw')).toBeUndefined();
  });
});
