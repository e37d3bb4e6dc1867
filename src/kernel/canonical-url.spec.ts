import { canonicalUrl } from './canonical-url.js';

describe('canonicalUrl', () => {
  it.each([
    ['/tools', '', '/tools'],
    ['/tools/', '', '/tools'],
    ['/v1/tools/?q=a/', '', '/tools?q=a/'],
    ['/v1', '', '/'],
    ['/v10/tools', '', '/v10/tools'],
    ['/gw/v1/tools/', '/gw', '/tools'],
    ['/gw', '/gw', '/'],
    ['/gwx', '/gw', '/gwx'],
    ['/tools', '/gw', '/tools'],
    ['/', '', '/'],
    ['//tools', '', '//tools'],
  ])('reads %s under root %p as %s', (url, root, expected) => {
    expect(canonicalUrl(url, root)).toBe(expected);
  });
});
