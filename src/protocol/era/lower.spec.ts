import { aCall } from '../../../test/builders/call.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { lowerError, lowerResult } from './lower.js';
import { forRevision } from './older.js';

const tool = (outputSchema?: object): string => JSON.stringify({ name: 'x', outputSchema });
const text = (value: string): object => ({ type: 'text', text: value });
const thrown = (method: string, code: number, data?: unknown): unknown => {
  const error = new UpstreamRpcError(JSON.stringify({ code, message: 'm', data }), code, 'modern');
  try {
    return lowerError(aCall(method), error);
  } catch (e) {
    return e;
  }
};

describe('a modern result for a legacy client', () => {
  it('loses the members of the new revision and nothing else', () => {
    const result =
      '{"resultType":"complete","contents":[{"n":12345678901234567890}],"ttlMs":5,"x":{"ttlMs":1},"cacheScope":"public"}';
    expect(lowerResult('resources/read', result)).toBe(
      '{"contents":[{"n":12345678901234567890}],"x":{"ttlMs":1}}',
    );
  });

  it.each(['[1]', 'null', '"{"'])('of a vendor stays what it is: %s', (result) => {
    expect(lowerResult('acme/x', result)).toBe(result);
  });

  it('holds a structured value that is no object as a member, with its text behind', () => {
    const result = '{"resultType":"complete","structuredContent":[1,2],"content":[]}';
    expect(JSON.parse(lowerResult('tools/call', result, tool({ type: 'array' })))).toEqual({
      structuredContent: { result: [1, 2] },
      content: [text('[1,2]')],
    });
  });

  it('wraps an object too where its schema was wrapped, and adds no second text', () => {
    const result = '{"content":[{"type":"text","text":"said"}],"structuredContent":{"a":1}}';
    const anyOf = tool({ anyOf: [{ type: 'object' }, { type: 'null' }] });
    expect(JSON.parse(lowerResult('tools/call', result, anyOf))).toEqual({
      content: [text('said')],
      structuredContent: { result: { a: 1 } },
    });
    expect(lowerResult('tools/call', result, tool({ type: 'object' }))).toBe(result);
    expect(lowerResult('tools/call', result, tool())).toBe(result);
  });
});

describe('a modern error for a legacy client', () => {
  it('names a resource that is not there in the old code', () => {
    const data = { uri: 'a://b' };
    expect(thrown('resources/read', -32602, data)).toMatchObject({
      code: -32002,
      error: JSON.stringify({ code: -32002, message: 'm', data }),
    });
    expect(thrown('resources/read', -32602)).toMatchObject({ code: -32602 });
    expect(thrown('prompts/get', -32602, data)).toMatchObject({ code: -32602 });
  });

  it('says that a capability is missing where that is an answer', () => {
    expect(JSON.parse(String(thrown('tools/call', -32021)))).toMatchObject({ isError: true });
    expect(thrown('prompts/get', -32021)).toMatchObject({ code: -32603 });
  });

  it('says which pages are to be opened to who knows no error for it', () => {
    const data = { elicitations: [{ mode: 'url', url: 'https://x.test/a', message: 'Log in' }] };
    const code = -32042;
    const error = new UpstreamRpcError(JSON.stringify({ code, message: 'm', data }), code);
    const old = aCall('tools/call', {}, { client: { revision: '2025-06-18' } });
    expect(JSON.parse(lowerError(old, error))).toEqual({
      content: [text('Log in\nhttps://x.test/a')],
      isError: true,
    });
    expect(() => lowerError(aCall('tools/call'), error)).toThrow(error);
  });

  it('leaves errors of legacy upstreams alone', () => {
    const error = new UpstreamRpcError('{"code":-32602,"data":{"uri":"a"}}', -32602);
    expect(() => lowerError(aCall('resources/read'), error)).toThrow(error);
  });
});

describe('content for older revisions', () => {
  const link = { type: 'resource_link', uri: 'a://b', name: 'n', title: 'The thing' };
  const audio = { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' };
  const result = (...content: object[]): string => JSON.stringify({ content, x: 1 });

  it('writes links as text before 2025-06-18', () => {
    const expected = result(text('The thing (a://b)'));
    expect(forRevision('tools/call', result(link), '2025-03-26')).toBe(expected);
    expect(forRevision('tools/call', result(link), '2025-06-18')).toBe(result(link));
  });

  it('embeds audio before 2025-03-26', () => {
    const resource = { uri: 'urn:mcpgateway:audio', mimeType: 'audio/wav', blob: 'AAAA' };
    expect(forRevision('tools/call', result(audio), '2024-11-05')).toBe(
      result({ type: 'resource', resource }),
    );
    expect(forRevision('tools/call', result(audio), '2025-03-26')).toBe(result(audio));
    const prompt = JSON.stringify({ messages: [{ role: 'user', content: audio }] });
    expect(JSON.parse(forRevision('prompts/get', prompt, '2024-11-05')).messages).toEqual([
      { role: 'user', content: { type: 'resource', resource } },
    ]);
  });

  it('says structured content as text too', () => {
    const structured = '{"structuredContent":{"a":1.0},"content":[]}';
    expect(JSON.parse(forRevision('tools/call', structured, '2025-03-26')).content).toEqual([
      text('{"a":1.0}'),
    ]);
  });
});
