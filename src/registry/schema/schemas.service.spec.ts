import { join } from 'node:path';
import type { WorkerLineOptions } from '../../platform/process/worker-line.js';
import { HeavySchema, LightSchema } from './argument-schema.js';
import { SchemaThread } from './schema-thread.js';
import { SchemasService } from './schemas.service.js';
import { isLight } from './weigh.js';

const HOOK = join(__dirname, '../../../test/drive/ts-hook.cjs');

/** A schema that is harmless and large. */
const large = (n: number): string =>
  JSON.stringify({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: n }, (_, i) => [`p${String(i)}`, { type: 'integer' }]),
    ),
  });
/** Takes seconds to compile: each pattern unrolls to a thousand states. */
const SLOW = JSON.stringify({
  properties: Object.fromEntries(
    Array.from({ length: 1_500 }, (_, i) => [
      `p${String(i)}`,
      { pattern: `(a{1,30}){1,33}${String(i)}` },
    ]),
  ),
});

describe('schemas of tools', () => {
  let schemas: SchemasService;
  const open = (options: Partial<WorkerLineOptions> = {}): void => {
    schemas = new SchemasService(
      new SchemaThread({
        execArgv: ['-r', HOOK],
        deadlineMs: 10_000,
        maxWaitMs: 30_000,
        ...options,
      }),
    );
  };
  beforeEach(() => {
    open();
  });
  afterEach(() => schemas.onModuleDestroy());

  it('are made once for each text', () => {
    expect(schemas.get('{"type":"object"}')).toBe(schemas.get('{"type":"object"}'));
    expect(schemas.get('{}')).not.toBe(schemas.get('{"type":"object"}'));
  });

  it('check at once when they are light', () => {
    const schema = schemas.get('{"type":"object","required":["a"]}');
    expect(schema).toBeInstanceOf(LightSchema);
    expect(schema.check('{"a":1}')).toEqual([]);
    expect(schema.check(undefined)).toMatchObject([{ pointer: '/a' }]);
  });

  it('check on the thread when they are heavy, with the same words', async () => {
    const schema = schemas.get(large(300));
    expect(schema).toBeInstanceOf(HeavySchema);
    expect(await schema.check('{"p7":1}')).toEqual([]);
    expect(await schema.check('{"p7":"x","p8":2,"p9":null}')).toEqual([
      { pointer: '/p7', detail: 'must be integer', type: 'type' },
      { pointer: '/p9', detail: 'must be integer', type: 'type' },
    ]);
    expect(await schema.check(undefined)).toEqual([]);
  });

  it('check long arguments on the thread, whatever the schema', async () => {
    const schema = schemas.get('{"properties":{"s":{"type":"string","pattern":"^a+$"}}}');
    const pending = schema.check(JSON.stringify({ s: `${'a'.repeat(200_000)}!` }));
    expect(pending).toBeInstanceOf(Promise);
    expect(await pending).toMatchObject([{ pointer: '/s', type: 'pattern' }]);
  });

  it('leave the caps when they are not enforced', async () => {
    const args = JSON.stringify({ l: Array(10_001).fill(0) });
    const pattern = { pattern: '(?=x)' };
    for (const text of [pattern, { ...pattern, description: 'x'.repeat(5_000) }].map((s) =>
      JSON.stringify(s),
    )) {
      expect(await schemas.get(text).check('{"a":1}')).toEqual([]);
      expect(await schemas.get(text).check(args)).toHaveLength(1);
    }
  });

  it('are judged: fine, not enforced, refused', async () => {
    const unresolved = `{"$ref":"#/$defs/none","description":"${'x'.repeat(5_000)}"}`;
    const found = await schemas.judgeAll([
      '{}',
      large(300),
      unresolved,
      large(2_500),
      '{"type":"objekt"}',
    ]);
    expect([...found.values()].map((j) => j.verdict)).toEqual([
      'fine',
      'fine',
      'unenforced',
      'refused',
      'refused',
    ]);
  });

  it('never hold the loop, however long they take, and are given up in the end', async () => {
    await schemas.onModuleDestroy();
    open({ deadlineMs: 300 });
    await schemas.judgeAll([large(60)]); // the thread is up
    let turns = 0;
    const loop = setInterval(() => turns++, 10);
    const found = await schemas.judgeAll([SLOW]);
    clearInterval(loop);
    expect([...found.values()][0]).toMatchObject({ verdict: 'unenforced', reason: /too long/ });
    expect(turns).toBeGreaterThan(5);
    expect(await schemas.get(SLOW).check('{"p1":"nothing like it"}')).toEqual([]);
  });

  it('refuse arguments whose check takes too long', async () => {
    await schemas.onModuleDestroy();
    open({ deadlineMs: 500 });
    const patterns = Array.from({ length: 190 }, (_, i) => ({ pattern: `[ab]+c${String(i)}` }));
    const schema = schemas.get(
      JSON.stringify({ properties: { l: { items: { anyOf: patterns } } } }),
    );
    expect(await schema.check('{"l":["abc1","abc189"]}')).toEqual([]);
    const long = JSON.stringify({ l: Array(10_000).fill('ab'.repeat(40)) });
    expect(await schema.check(long)).toMatchObject([{ type: 'limit' }]);
    expect(await schemas.get(large(60)).check('{"p1":"x"}')).toHaveLength(1);
  }, 60_000);
});

describe('a light schema', () => {
  const typical = {
    type: 'object',
    properties: {
      id: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' },
      ip: { type: 'string', pattern: '^(\\d{1,3}\\.){3}\\d{1,3}$' },
      list: { type: 'array', items: { type: 'string' } },
    },
    required: ['id'],
  };

  it('is what tools usually have', () => {
    expect(isLight(JSON.stringify(typical))).toBe(true);
  });

  it.each([
    ['long', { description: 'x'.repeat(5_000) }],
    ['made of many', { allOf: Array.from({ length: 60 }, () => ({})) }],
    ['full of references', { allOf: Array.from({ length: 20 }, () => ({ $ref: '#' })) }],
    ['multiplying repeats', { pattern: '((a{1,20}){1,20}){1,20}' }],
    ['full of classes', { pattern: '\\p{L}'.repeat(20) }],
    ['looking at what is left', { unevaluatedProperties: false }],
  ])('is not %s', (_, schema) => {
    expect(isLight(JSON.stringify(schema))).toBe(false);
  });
});
