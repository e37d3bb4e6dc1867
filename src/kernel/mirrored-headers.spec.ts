import fc from 'fast-check';
import {
  decodeHeaderValue,
  encodeHeaderValue,
  memberInName,
  paramHeaders,
  paramMismatch,
  standardMismatch,
  unknownParamHeaders,
} from './mirrored-headers.js';
import { mirroredParams } from './mirrored-params.js';

const { params } = mirroredParams({
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    deep: { properties: { on: { type: 'boolean', 'x-mcp-header': 'On' } } },
  },
});

describe('the codec of header values', () => {
  it.each([
    ['eu-west', 'eu-west'],
    ['a b\tc', 'a b\tc'],
    ['~', '~'],
    ['', '=?base64??='],
    [' a', '=?base64?IGE=?='],
    ['a\t', '=?base64?YQk=?='],
    ['ü', '=?base64?w7w=?='],
    ['a\r\nX: 1', '=?base64?YQ0KWDogMQ==?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['=?BASE64?YQ==?=', '=?BASE64?YQ==?='],
    ['=?base64?=', '=?base64?='],
  ])('writes %j as %j and reads it back', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(value);
  });

  it('loses no well-formed text, and writes only what a header may carry', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (value) => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[\t\x20-\x7e]+$/);
        expect(decodeHeaderValue(` \t${header} `)).toBe(value);
      }),
    );
  });

  it.each(['Y', 'YQ', 'YQ=', 'YR==', 'Y Q=', 'YQ==YQ==', '-_-_', '=', '/w==', '7aCA', 'ü'])(
    'refuses %j as Base64 of UTF-8',
    (inner) => {
      expect(decodeHeaderValue(`=?base64?${inner}?=`)).toBeNull();
    },
  );
});

describe('Mcp-Param-*', () => {
  it('are made of the arguments that are there', () => {
    const args = { region: 'ü', count: 7, deep: { on: false }, other: 'x' };
    expect(paramHeaders(params, args)).toEqual([
      'Mcp-Param-Region',
      '=?base64?w7w=?=',
      'Mcp-Param-Count',
      '7',
      'Mcp-Param-On',
      'false',
    ]);
    expect(paramHeaders(params, { region: null, deep: 'flat' })).toEqual([]);
    expect(paramHeaders(params, { region: { a: 1 }, count: 2 ** 60 })).toEqual([]);
    expect(paramHeaders(params, undefined)).toEqual([]);
  });

  it('are equal to what they were made of', () => {
    const anyArgs = fc.record({
      region: fc.option(fc.string({ unit: 'grapheme' })),
      count: fc.maxSafeInteger(),
      deep: fc.record({ on: fc.boolean() }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(anyArgs, (args) => {
        const flat = paramHeaders(params, args);
        const headers: Record<string, string> = {};
        for (let i = 0; i < flat.length; i += 2) headers[flat[i]!.toLowerCase()] = flat[i + 1]!;
        expect(paramMismatch(params, args, headers)).toBeNull();
      }),
    );
  });

  it.each([
    ['missing', { region: 'a' }, {}],
    ['of another value', { region: 'a' }, { 'mcp-param-region': 'b' }],
    ['of another case', { region: 'a' }, { 'mcp-param-region': 'A' }],
    ['badly encoded', { region: 'a' }, { 'mcp-param-region': '=?base64?YQ?=' }],
    ['a look-alike sent plain', { region: '=?base64?YQ==?=' }, look('=?base64?YQ==?=')],
    ['there for an argument that is not', {}, { 'mcp-param-region': 'a' }],
    ['there for null', { region: null }, { 'mcp-param-region': 'null' }],
    ['doubled', { region: 'a' }, { 'mcp-param-region': ['a', 'a'] }],
    ['a number of another form', { count: 42 }, { 'mcp-param-count': '4.2e1' }],
  ])('are refused when %s', (_what, args, headers) => {
    expect(paramMismatch(params, args, headers)).toMatch(/^Mcp-Param-/);
  });

  it('say nothing of the values when refused', () => {
    const said = paramMismatch(params, { region: 'secret' }, { 'mcp-param-region': 'hidden' });
    expect(said).toBe('Mcp-Param-Region is not that of the body');
  });

  it.each([
    ['the encoded form of what could be plain', { region: 'a' }, look('=?base64?YQ==?=')],
    ['outer blanks', { region: 'a' }, look(' a\t')],
    ['an integer of another spelling', { count: 42 }, { 'mcp-param-count': '42.0' }],
    ['a header of no argument that is marked', {}, { 'mcp-param-other': 'x' }],
    ['an argument that no header carries', { count: 2 ** 60, region: ['a'] }, {}],
  ])('are accepted with %s', (_what, args, headers) => {
    expect(paramMismatch(params, args, headers)).toBeNull();
  });

  it('look at own members only', () => {
    const { params: odd } = mirroredParams({
      properties: {
        constructor: { properties: { name: { type: 'string', 'x-mcp-header': 'C' } } },
      },
    });
    expect(paramHeaders(odd, {})).toEqual([]);
    expect(paramMismatch(odd, {}, {})).toBeNull();
  });
});

describe('the standard headers', () => {
  const body = { revision: '2026-07-28', method: 'tools/call', name: 'größe' };
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': encodeHeaderValue('größe'),
  };

  it('agree with the body they were made of', () => {
    expect(standardMismatch(body, headers)).toBeNull();
    expect(standardMismatch({ ...body, name: undefined }, headers)).toBeNull();
  });

  it.each([
    ['mcp-protocol-version', undefined, 'MCP-Protocol-Version is missing'],
    ['mcp-protocol-version', '2025-11-25', 'MCP-Protocol-Version is not that of the body'],
    ['mcp-method', undefined, 'Mcp-Method is missing'],
    ['mcp-method', 'TOOLS/CALL', 'Mcp-Method is not that of the body'],
    ['mcp-name', undefined, 'Mcp-Name is missing'],
    ['mcp-name', 'groesse', 'Mcp-Name is not that of the body'],
    ['mcp-name', '=?base64?*?=', 'Mcp-Name is not properly encoded'],
  ])('are refused when %s is %j', (key, value, said) => {
    expect(standardMismatch(body, { ...headers, [key]: value })).toBe(said);
  });

  it('name what a method acts on', () => {
    const methods = ['tools/call', 'prompts/get', 'resources/read', 'tasks/cancel', 'tools/list'];
    expect(methods.map(memberInName)).toEqual(['name', 'name', 'uri', 'taskId', undefined]);
  });
});

function look(region: string): Record<string, string> {
  return { 'mcp-param-region': region };
}

describe('headers that a tool knows nothing of', () => {
  it('are passed on as they came, and nothing else is', () => {
    const given = {
      'mcp-method': 'tools/call',
      'mcp-param-region': 'eu',
      'mcp-param-zone': '=?base64?!?=',
      'mcp-params': 'x',
    };
    expect(unknownParamHeaders(params, given)).toEqual(['mcp-param-zone', '=?base64?!?=']);
    expect(unknownParamHeaders([], { 'mcp-name': 'x' })).toEqual([]);
  });
});
