import { hasOtherRoot, wrappedSchema } from './output-schema.js';

const wrapped = (schema: object): unknown => JSON.parse(wrappedSchema(JSON.stringify(schema)));
const around = (result: object, more: object = {}): object => ({
  ...more,
  type: 'object',
  properties: { result },
  required: ['result'],
});

describe('outputSchema for the legacy era', () => {
  it.each([
    [{ type: 'object' }, false],
    [{ type: 'array' }, true],
    [{ type: ['object', 'null'] }, true],
    [{ oneOf: [{ type: 'object' }] }, true],
    [{}, true],
  ])('sees the root of %j', (schema, expected) => {
    expect(hasOtherRoot(JSON.stringify(schema))).toBe(expected);
  });

  it('makes it the schema of a member', () => {
    const list = { type: 'array', items: { type: 'string' } };
    expect(wrapped(list)).toEqual(around(list));
  });

  it('leads local references to where their targets now stand', () => {
    const tree = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'array',
      items: { anyOf: [{ $ref: '#' }, { $ref: '#/$defs/leaf' }, { $ref: '#leaf' }] },
      $defs: { leaf: { $anchor: 'leaf', type: 'string' } },
    };
    const result = {
      ...tree,
      items: {
        anyOf: [
          { $ref: '#/properties/result' },
          { $ref: '#/properties/result/$defs/leaf' },
          { $ref: '#leaf' },
        ],
      },
    };
    expect(wrapped(tree)).toEqual(around(result, { $schema: tree.$schema }));
  });

  it('touches neither data, nor names that look like keywords, nor what has a base of its own', () => {
    const schema = {
      type: 'array',
      items: {
        properties: { $ref: { const: { $ref: '#' } }, enum: { $ref: '#' } },
        default: { $ref: '#/a' },
      },
      $defs: { own: { $id: 'https://x.example/own', $ref: '#/here' } },
    };
    const expected = structuredClone(schema) as { items: { properties: { enum: object } } };
    expected.items.properties.enum = { $ref: '#/properties/result' };
    expect(wrapped(schema)).toEqual(around(expected));
    const based = { $id: 'https://x.example/root', type: 'array', items: { $ref: '#' } };
    expect(wrapped(based)).toEqual(around(based));
  });

  it('turns the recursion of 2019-09 into a reference', () => {
    const $schema = 'https://json-schema.org/draft/2019-09/schema';
    const schema = { $schema, type: 'array', items: { $recursiveRef: '#' } };
    const result = { $schema, type: 'array', items: { $ref: '#/properties/result' } };
    expect(wrapped(schema)).toEqual(around(result, { $schema }));
    const open = { ...schema, $recursiveAnchor: true };
    expect(wrapped(open)).toEqual(around(open, { $schema }));
  });
});
