import { declaresMethod, isVendorMethod, isVendorNotice } from './vendor-methods.js';

describe('vendor methods', () => {
  it.each(['acme/echo', 'acme', 'com.example/a/b', 'toolsx/list', 'x-y_z$/q'])(
    'can be %s',
    (name) => {
      expect(isVendorMethod(name)).toBe(true);
    },
  );

  it.each([
    'tools/list',
    'tasks/whatever',
    'initialize',
    'ping',
    'notifications/acme',
    'rpc.discover',
    'acme/',
    '/acme',
    'a b',
    'acme"/x',
    'acme\r\nX: 1',
    'ü',
    '',
    'a'.repeat(65),
  ])('are never %j', (name) => {
    expect(isVendorMethod(name)).toBe(false);
  });

  it('are declared by a capability of their name', () => {
    const capabilities = {
      tools: {},
      acme: {},
      experimental: { beta: {} },
      extensions: { 'com.example/search': {} },
    };
    const declared = ['acme/x', 'beta', 'beta/y', 'search/all', 'com.example/search/all'];
    for (const name of declared) expect(declaresMethod({ capabilities }, name)).toBe(true);
    for (const name of ['acmex', 'com.example/other', 'experimental/x', 'gamma'])
      expect(declaresMethod({ capabilities }, name)).toBe(false);
    expect(declaresMethod({ capabilities: { experimental: [] } }, 'x')).toBe(false);
  });
});

it('tells notices of MCP from those of vendors', () => {
  for (const name of ['tools/list_changed', 'message', 'resources/updated', 'tasks/status'])
    expect(isVendorNotice(`notifications/${name}`)).toBe(false);
  for (const name of ['notifications/acme', 'notifications/tools/x', 'acme/changed'])
    expect(isVendorNotice(name)).toBe(true);
});
