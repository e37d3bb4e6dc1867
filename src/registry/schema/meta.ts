import Ajv, { type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import type { SchemaObject } from '../../kernel/subschemas.js';

export type Dialect = 'draft-07' | '2020-12';

/** Draft 2020-12 unless `$schema` names draft-07; a dialect we do not have is read as 2020-12. */
export function dialectOf(schema: SchemaObject): Dialect {
  const named = schema['$schema'];
  return typeof named === 'string' && named.includes('draft-07') ? 'draft-07' : '2020-12';
}

const IDS: Readonly<Record<Dialect, string>> = {
  'draft-07': 'http://json-schema.org/draft-07/schema',
  '2020-12': 'https://json-schema.org/draft/2020-12/schema',
};

/** The two meta-schemas take 20 ms to compile, so once per process; they see no schema of a stranger as schema. */
const metas = new Map<Dialect, ValidateFunction>();

function meta(dialect: Dialect): ValidateFunction {
  const known = metas.get(dialect);
  if (known) return known;
  const options = { strict: false, logger: false, validateFormats: false } as const;
  const ajv = dialect === 'draft-07' ? new Ajv(options) : new Ajv2020(options);
  const compiled = ajv.getSchema(IDS[dialect]);
  if (!compiled) throw new Error(`no meta-schema ${IDS[dialect]}`);
  metas.set(dialect, compiled as ValidateFunction);
  return compiled as ValidateFunction;
}

/** @returns why this is no JSON Schema at all; `undefined` when it is one */
export function metaFault(schema: SchemaObject): string | undefined {
  const { $schema: _dialect, ...rest } = schema;
  const validate = meta(dialectOf(schema));
  if (validate(rest)) return undefined;
  const error = validate.errors?.[0];
  return `schema ${error?.instancePath ?? ''} ${error?.message ?? 'is no JSON Schema'}`;
}
