import type { Gateway } from '../../kernel/catalog.js';
import { claimOf, modernBody } from './claims.js';
import { probeRequest } from './probe-request.js';

const META = 'io.modelcontextprotocol/';
const listing = (extensions: Record<string, object>): Gateway =>
  ({ capabilities: { extensions } }) as unknown as Gateway;
const us = { gateway: listing({ 'a/b': {} }), clientInfo: '{"name":"us"}' };

describe('the claim of a modern request', () => {
  it.each([
    ['{}', {}],
    ['{"elicitation":{}}', { elicitation: { form: {} } }],
    ['{"elicitation":{"url":{}}}', { elicitation: { url: {} } }],
    ['{"roots":{"listChanged":true}}', { roots: {} }],
    ['{"sampling":{"tools":{},"context":{},"x":{}}}', { sampling: { tools: {}, context: {} } }],
    ['{"extensions":{"a/b":{"n":1}},"tasks":{},"x":1}', { extensions: { 'a/b': { n: 1 } } }],
  ])('cuts %s to what can be bridged', (given, expected) => {
    const { client } = probeRequest('ping', '', 1000);
    const claim = JSON.parse(`{${claimOf({ ...client, capabilities: given }, us)}}`);
    expect(claim[`${META}clientCapabilities`]).toEqual(expected);
  });

  it('names extensions only to the upstreams that list them, Apps to all', () => {
    const { client } = probeRequest('ping', '', 1000);
    const capabilities = `{"extensions":{"a/b":{},"c/d":{},"${META}ui":{"x":1}}}`;
    const extensionsTo = (gateway: Gateway): string[] => {
      const claim = JSON.parse(`{${claimOf({ ...client, capabilities }, { ...us, gateway })}}`);
      return Object.keys(claim[`${META}clientCapabilities`].extensions as object);
    };
    expect(extensionsTo(us.gateway)).toEqual(['a/b', `${META}ui`]);
    expect(extensionsTo(listing({ 'c/d': {} }))).toEqual(['c/d', `${META}ui`]);
    expect(extensionsTo(listing({}))).toEqual([`${META}ui`]);
  });

  it('stands behind the client’s own members, with the token that is ours', () => {
    const request = {
      ...probeRequest('tools/call', '"name":"x","arguments":{"n":12345678901234567890}', 1000),
      meta: '"vendor":1',
      wantsProgress: true,
    };
    const client = { ...request.client, clientInfo: '{"name":"c"}', logLevel: 'error' as const };
    const text = modernBody(7, { ...request, client }, us);
    expect(text).toContain('"arguments":{"n":12345678901234567890}');
    expect(JSON.parse(text).params._meta).toMatchObject({
      vendor: 1,
      [`${META}protocolVersion`]: '2026-07-28',
      [`${META}clientInfo`]: { name: 'c' },
      [`${META}logLevel`]: 'error',
      progressToken: 7,
    });
  });

  it('wants no log messages where the client wants none, and names us where nobody asks', () => {
    const meta = JSON.parse(modernBody(1, probeRequest('ping', '', 1000), us)).params._meta;
    expect(meta).not.toHaveProperty(`${META}logLevel`);
    expect(meta[`${META}clientInfo`]).toEqual({ name: 'us' });
  });
});
