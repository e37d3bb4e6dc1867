import { bridged, modernBody } from './claims.js';
import { probeRequest } from './probe-request.js';

const META = 'io.modelcontextprotocol/';

describe('the claim of a modern request', () => {
  it.each([
    ['{}', {}],
    ['{"elicitation":{}}', { elicitation: { form: {} } }],
    ['{"elicitation":{"url":{}}}', { elicitation: { url: {} } }],
    ['{"roots":{"listChanged":true}}', { roots: {} }],
    ['{"sampling":{"tools":{},"context":{},"x":{}}}', { sampling: { tools: {}, context: {} } }],
    ['{"extensions":{"a/b":{"n":1}},"tasks":{},"x":1}', { extensions: { 'a/b': { n: 1 } } }],
  ])('cuts %s to what can be bridged', (given, expected) => {
    expect(JSON.parse(bridged(given))).toEqual(expected);
  });

  it('stands behind the client’s own members, with the token that is ours', () => {
    const request = {
      ...probeRequest('tools/call', '"name":"x","arguments":{"n":12345678901234567890}', 1000),
      meta: '"vendor":1',
      wantsProgress: true,
    };
    const client = { ...request.client, clientInfo: '{"name":"c"}', logLevel: 'error' as const };
    const text = modernBody(7, { ...request, client }, '{"name":"us"}');
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
    const meta = JSON.parse(modernBody(1, probeRequest('ping', '', 1000), '{"name":"us"}')).params
      ._meta;
    expect(meta).not.toHaveProperty(`${META}logLevel`);
    expect(meta[`${META}clientInfo`]).toEqual({ name: 'us' });
  });
});
