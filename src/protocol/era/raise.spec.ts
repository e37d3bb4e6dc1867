import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { raiseError, raiseResult } from './raise.js';

describe('a legacy result for a modern client', () => {
  it('gets its type first and stays as it was', () => {
    const result = '{ "content":[],"big":12345678901234567890,"_meta":{"a":1} }';
    expect(raiseResult('tools/call', result)).toBe(
      '{"resultType":"complete", "content":[],"big":12345678901234567890,"_meta":{"a":1} }',
    );
  });

  it.each(['{}', '{ }', '{\n}'])('may be empty: %j', (result) => {
    expect(JSON.parse(raiseResult('tools/call', result))).toEqual({ resultType: 'complete' });
  });

  it('may be read, and kept by nobody', () => {
    expect(raiseResult('resources/read', '{"contents":[]}')).toBe(
      '{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}',
    );
  });

  it.each(['[1]', 'null', '"{"'])('of a vendor stays what it is: %s', (result) => {
    expect(raiseResult('acme/x', result)).toBe(result);
  });

  it('has no member twice', () => {
    const own = '{"resultType":"task","ttlMs":5,"contents":[{"resultType":1}]}';
    expect(raiseResult('resources/read', own)).toBe(
      '{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[{"resultType":1}]}',
    );
  });
});

describe('a legacy error for a modern client', () => {
  it('names the resource that is not there', () => {
    const error = new UpstreamRpcError('{"code":-32002,"message":"gone"}', -32002);
    expect(raiseError(error, 'x://a')).toMatchObject({
      code: -32602,
      error: '{"code":-32602,"message":"gone","data":{"uri":"x://a"}}',
    });
  });

  it.each([-32020, -32021, -32022])('has no code that asks for another try: %d', (code) => {
    const error = new UpstreamRpcError(JSON.stringify({ code, message: 'mine' }), code);
    expect(raiseError(error, '')).toMatchObject({
      code: -32603,
      error: '{"code":-32603,"message":"mine"}',
    });
    const modern = new UpstreamRpcError(JSON.stringify({ code, message: 'm' }), code, 'modern');
    expect(raiseError(modern, '')).toBe(modern);
  });

  it('stays as it was otherwise', () => {
    const error = new UpstreamRpcError('{"code":-32000,"message":"no"}', -32000);
    expect(raiseError(error, 'x://a')).toBe(error);
  });
});
