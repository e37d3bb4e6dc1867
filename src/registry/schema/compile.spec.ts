import { compileSchema } from './compile.js';
import { argumentFault, inspectSchema } from './limits.js';

const faults = (schema: unknown, args: unknown) => {
  const compiled = compileSchema(typeof schema === 'string' ? schema : JSON.stringify(schema));
  if (!compiled.enforced) throw new Error(compiled.reason);
  return compiled.validate(args);
};
const reason = (schema: unknown) => {
  const compiled = compileSchema(JSON.stringify(schema));
  return compiled.enforced ? null : compiled.reason;
};
/** CPU time in ms, so that a busy machine does not fail the test. */
const cpuMs = (work: () => unknown) => {
  const start = process.cpuUsage();
  work();
  return process.cpuUsage(start).user / 1000;
};

describe('schemas', () => {
  it('points at what is wrong', () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' }, 'a/b': {} },
      required: ['n', 'a/b'],
      additionalProperties: false,
    };
    expect(faults(schema, { n: 'x', 'a/b': 1 })).toEqual([
      { pointer: '/n', detail: 'must be integer', type: 'type' },
    ]);
    expect(faults(schema, { z: 1 }).map((f) => f.pointer)).toEqual(['/n', '/a~1b', '/z']);
    expect(faults(schema, { n: 1, 'a/b': null })).toEqual([]);
  });

  it('reports at most 20 faults', () => {
    const args = { l: Array.from({ length: 100 }, () => 'x') };
    expect(
      faults({ properties: { l: { type: 'array', items: { type: 'number' } } } }, args),
    ).toHaveLength(20);
  });

  it('sees own properties only', () => {
    expect(faults({ required: ['constructor', 'toString'] }, {})).toHaveLength(2);
  });

  it('runs two patterns of one schema as two patterns', () => {
    const schema = {
      properties: {
        a: { type: 'string', pattern: '^a+$' },
        b: { type: 'string', pattern: '^b+$' },
      },
    };
    expect(faults(schema, { a: 'aa', b: 'bb' })).toEqual([]);
    expect(faults(schema, { a: 'bb', b: 'aa' })).toHaveLength(2);
  });

  it.each(['^(a+)+$', '(x+x+)+y', '^(.*a){20}$', '(a|aa)+$', '^([a-z]+.*){8}z{9}$'])(
    'runs the evil pattern %s in linear time',
    (pattern) => {
      const text = `${'a'.repeat(25_000)}${'x'.repeat(25_000)}!`;
      const schema = { properties: { s: { type: 'string', pattern } } };
      expect(cpuMs(() => faults(schema, { s: text }))).toBeLessThan(500);
    },
  );

  it.each([
    ['look-ahead', { pattern: '(?=a)' }],
    ['back-reference', { pattern: '(a)\\1' }],
    ['pattern property', { patternProperties: { '(?<!x)y': {} } }],
    ['remote reference', { $ref: 'http://169.254.169.254/s.json' }],
    ['file reference', { $ref: 'file:///etc/passwd' }],
    ['relative reference', { $ref: 'other.json' }],
    ['broken reference', { $ref: '#/$defs/none' }],
    ['unknown type', { type: 'objekt' }],
  ])('does not enforce a schema with a %s', (_, schema) => {
    expect(reason(schema)).not.toBeNull();
  });

  it('reads draft-07 where it is named', () => {
    const items = { items: [{ type: 'string' }], additionalItems: false };
    expect(
      faults(
        { $schema: 'http://json-schema.org/draft-07/schema#', properties: { l: items } },
        { l: ['a', 1] },
      ),
    ).toHaveLength(1);
    expect(
      faults(
        {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          prefixItems: [{ type: 'string' }],
        },
        [1],
      ),
    ).toHaveLength(1);
  });

  it('keeps two schemas with one $id apart', () => {
    expect(faults({ $id: 'urn:x', type: 'object' }, {})).toEqual([]);
    expect(faults({ $id: 'urn:x', type: 'array' }, {})).toHaveLength(1);
    const meta = { $id: 'https://json-schema.org/draft/2020-12/schema', type: 'boolean' };
    expect(faults({ properties: { a: meta } }, { a: 1 })).toHaveLength(1);
    expect(faults({ type: 'object' }, {})).toEqual([]);
  });

  it('follows references inside the schema, also recursive ones', () => {
    const tree = {
      $defs: {
        node: {
          type: 'object',
          properties: { v: { type: 'number' }, next: { $ref: '#/$defs/node' } },
        },
      },
      $ref: '#/$defs/node',
    };
    expect(faults(tree, { v: 1, next: { v: 2, next: { v: 'x' } } })[0]?.pointer).toBe(
      '/next/next/v',
    );
  });

  it('gives up on references that multiply', () => {
    const $defs: Record<string, unknown> = { d0: { type: 'object' } };
    for (let i = 1; i <= 22; i++)
      $defs[`d${String(i)}`] = {
        allOf: [{ $ref: `#/$defs/d${String(i - 1)}` }, { $ref: `#/$defs/d${String(i - 1)}` }],
      };
    let found: unknown;
    expect(cpuMs(() => (found = faults({ $defs, $ref: '#/$defs/d22' }, {})))).toBeLessThan(1000);
    expect(found).toEqual([expect.objectContaining({ type: 'limit' })]);
  });

  it('gives up on references that go in a circle', () => {
    const schema = {
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
      $ref: '#/$defs/a',
    };
    expect(reason(schema) ?? faults(schema, {})).not.toEqual([]);
  });

  it('takes a property called like a keyword as a property', () => {
    const schema = { properties: { $ref: { type: 'string' }, uniqueItems: { type: 'boolean' } } };
    expect(faults(schema, { $ref: 'http://x', uniqueItems: true })).toEqual([]);
  });

  it('caps arguments', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 70; i++) deep = [deep];
    expect(argumentFault(deep)).toBeDefined();
    expect(argumentFault({ l: Array(10_001).fill(0) })).toBeDefined();
    expect(argumentFault({ l: Array(10_000).fill(0) })).toBeUndefined();
    const unique = Array.from({ length: 1_001 }, (_, i) => ({ i }));
    expect(faults({ uniqueItems: true }, unique)[0]?.type).toBe('uniqueItems');
    expect(faults({ uniqueItems: true }, unique.slice(1))).toEqual([]);
    expect(
      faults({ uniqueItems: true }, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toHaveLength(1);
  });

  it('refuses schemas beyond the caps', () => {
    let deep: unknown = {};
    for (let i = 0; i < 40; i++) deep = { properties: { a: deep } };
    const many = Object.fromEntries(Array.from({ length: 2_001 }, (_, i) => [`p${String(i)}`, {}]));
    const wide = Array.from({ length: 5_000 }, () => ({}));
    for (const schema of [
      deep,
      { properties: many },
      { oneOf: wide },
      { description: 'x'.repeat(262_144) },
    ])
      expect(inspectSchema(JSON.stringify(schema)).verdict).toBe('refused');
    expect(inspectSchema('[]').verdict).toBe('refused');
  });

  it('follows references to the root', () => {
    const tree = { type: 'object', properties: { next: { $ref: '#' }, v: { type: 'number' } } };
    expect(faults(tree, { next: { v: 1 } })).toEqual([]);
    expect(faults(tree, { next: { next: { v: 'x' } } })[0]?.pointer).toBe('/next/next/v');
  });
});
