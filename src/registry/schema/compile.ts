import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import type { FieldFault } from '../../kernel/errors.js';
import { addSafeFormats } from './formats.js';
import { ARGUMENT_LIMITS, argumentFault, type InspectedSchema, inspectSchema } from './limits.js';
import { re2Engine } from './re2.js';
import type { SchemaObject } from './walk.js';

/** An input schema ready to judge arguments, or why it is not enforced. */
export type CompiledSchema =
  | {
      readonly enforced: true;
      /** @returns up to 20 faults; empty when the arguments fit */
      validate(args: unknown): FieldFault[];
    }
  | { readonly enforced: false; readonly reason: string };

const MAX_FAULTS = 20;
/** Reference targets entered during one check; beyond it the check is given up. */
const MAX_STEPS = 100_000;
const STEP = 'x-mcpgateway-step';

const OPTIONS: Options = {
  strict: false,
  ownProperties: true,
  validateFormats: true,
  addUsedSchema: false,
  logger: false,
  inlineRefs: false,
  code: { regExp: re2Engine },
};

class TooManySteps extends Error {}

/**
 * Compiles the input schema of a tool, 2020-12 unless `$schema` names draft-07 (SECURITY.md S44–S47).
 * Costs milliseconds: call it once per schema text.
 */
export function compileSchema(schemaText: string): CompiledSchema {
  const inspected = inspectSchema(schemaText);
  if (inspected.verdict !== 'ok') return { enforced: false, reason: inspected.reason };
  bound(inspected);
  const budget = { steps: 0 };
  try {
    const quick = compileWith(inspected.schema, budget, false);
    let thorough: ValidateFunction | undefined;
    const all = (): ValidateFunction => (thorough ??= compileWith(inspected.schema, budget, true));
    return { enforced: true, validate: (args) => check(args, quick, all, budget) };
  } catch (e) {
    return { enforced: false, reason: `no usable schema: ${reasonOf(e)}` };
  }
}

function reasonOf(e: unknown): string {
  return e instanceof Error ? e.message.slice(0, 200) : 'unknown';
}

/** Puts our own bounds into a schema: steps are counted where they can multiply, `uniqueItems` is capped. */
function bound({ subschemas, targets }: InspectedSchema): void {
  for (const schema of subschemas) {
    if (schema['uniqueItems'] !== true) continue;
    const own = schema['maxItems'];
    schema['maxItems'] =
      typeof own === 'number'
        ? Math.min(own, ARGUMENT_LIMITS.uniqueItems)
        : ARGUMENT_LIMITS.uniqueItems;
  }
  for (const target of targets) target[STEP] = true;
}

function compileWith(
  schema: SchemaObject,
  budget: { steps: number },
  allErrors: boolean,
): ValidateFunction {
  const dialect = schema['$schema'];
  const isDraft7 = typeof dialect === 'string' && dialect.includes('draft-07');
  const ajv = isDraft7
    ? new Ajv({ ...OPTIONS, allErrors })
    : new Ajv2020({ ...OPTIONS, allErrors });
  addSafeFormats(ajv);
  ajv.addKeyword({
    keyword: STEP,
    schema: false,
    errors: false,
    validate: () => {
      if (++budget.steps > MAX_STEPS) throw new TooManySteps();
      return true;
    },
  });
  return ajv.compile(withoutForeignDialect(schema, isDraft7));
}

/** A dialect we do not have is read as 2020-12 rather than not at all. */
function withoutForeignDialect(schema: SchemaObject, isDraft7: boolean): SchemaObject {
  const { $schema, $id, ...rest } = schema;
  void $id;
  return isDraft7 && typeof $schema === 'string'
    ? { $schema: 'http://json-schema.org/draft-07/schema#', ...rest }
    : rest;
}

function check(
  args: unknown,
  quick: ValidateFunction,
  thorough: () => ValidateFunction,
  budget: { steps: number },
): FieldFault[] {
  const capped = argumentFault(args);
  if (capped) return [capped];
  try {
    budget.steps = 0;
    if (quick(args)) return [];
    const first = faultsOf(quick.errors);
    budget.steps = 0;
    const second = thorough();
    return second(args) ? first : faultsOf(second.errors);
  } catch (e) {
    // RangeError: references in a circle end in a full stack before the steps are used up.
    if (!(e instanceof TooManySteps || e instanceof RangeError)) throw e;
    return [{ pointer: '', detail: 'checking takes too many steps', type: 'limit' }];
  }
}

function faultsOf(errors: ErrorObject[] | null | undefined): FieldFault[] {
  return (errors ?? []).slice(0, MAX_FAULTS).map((error) => ({
    pointer: pointerOf(error),
    detail: error.message ?? 'does not fit',
    type: error.keyword,
  }));
}

/** Points at the member itself where one is missing or too many. */
function pointerOf(error: ErrorObject): string {
  const params = error.params as Readonly<Record<string, unknown>>;
  const member =
    params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof member !== 'string') return error.instancePath;
  return `${error.instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
