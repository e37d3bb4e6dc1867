import { mirroredParams } from './mirrored-params.js';

const REGION = { type: 'string', 'x-mcp-header': 'Region' };
const faultOf = (schema: unknown) => mirroredParams(schema).fault;

describe('mirroredParams', () => {
  it('finds marks at any depth of properties', () => {
    const place = {
      type: 'object',
      properties: { zone: { type: 'integer', 'x-mcp-header': 'Z' } },
    };
    expect(mirroredParams({ type: 'object', properties: { region: REGION, place } })).toEqual({
      params: [
        { header: 'Mcp-Param-Region', key: 'mcp-param-region', path: ['region'], type: 'string' },
        { header: 'Mcp-Param-Z', key: 'mcp-param-z', path: ['place', 'zone'], type: 'integer' },
      ],
      fault: null,
    });
  });

  it.each([undefined, null, true, [], 'x', {}, { type: 'object', properties: { a: true } }])(
    'finds nothing in %j',
    (schema) => {
      expect(mirroredParams(schema)).toEqual({ params: [], fault: null });
    },
  );

  it('takes a mark within data or a property of that name for none', () => {
    const named = { type: 'object', properties: { 'x-mcp-header': { type: 'string' } } };
    const data = { type: 'object', properties: { a: { enum: [REGION], default: REGION } } };
    expect(mirroredParams(named)).toEqual({ params: [], fault: null });
    expect(mirroredParams(data)).toEqual({ params: [], fault: null });
  });

  it.each([
    ['the schema itself', REGION],
    ['items', { properties: { a: { type: 'array', items: REGION } } }],
    ['a composition', { anyOf: [{ properties: { a: REGION } }] }],
    ['a condition', { then: { properties: { a: REGION } } }],
    ['$defs', { $defs: { r: REGION }, properties: { a: { $ref: '#/$defs/r' } } }],
    ['patternProperties', { patternProperties: { '^a': REGION } }],
    ['further properties', { additionalProperties: REGION }],
  ])('refuses a mark on %s, and uses no other', (_where, schema: object) => {
    const { properties } = schema as { properties?: object };
    const withGood = { ...schema, properties: { good: REGION, ...properties } };
    expect(mirroredParams(withGood).params).toEqual([]);
    expect(faultOf(withGood)).toContain("'properties' alone");
  });

  it.each([
    ['an empty name', { type: 'string', 'x-mcp-header': '' }],
    ['a name with a space', { type: 'string', 'x-mcp-header': 'a b' }],
    ['a name that would end the line', { type: 'string', 'x-mcp-header': 'a\r\nb' }],
    ['a name that is no text', { type: 'string', 'x-mcp-header': 1 }],
    ['an object', { type: 'object', 'x-mcp-header': 'A' }],
    ['several types', { type: ['string', 'null'], 'x-mcp-header': 'A' }],
    ['no type', { 'x-mcp-header': 'A' }],
  ])('refuses %s', (_what, marked) => {
    const { params, fault } = mirroredParams({ properties: { p: marked } });
    expect(params).toEqual([]);
    expect(fault).toContain("'p'");
  });

  it('refuses one name twice, whatever its case', () => {
    const twice = { a: REGION, b: { type: 'string', 'x-mcp-header': 'rEGION' } };
    expect(faultOf({ properties: twice })).toContain('twice');
  });

  it('finds fault with a number, and still names it for comparing', () => {
    const { params, fault } = mirroredParams({
      properties: { n: { type: 'number', 'x-mcp-header': 'N' } },
    });
    expect(params).toMatchObject([{ key: 'mcp-param-n', type: 'number' }]);
    expect(fault).toContain('string, integer or boolean');
  });
});
