import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import type { FieldFault } from '../../kernel/errors.js';
import { pointerToken } from '../../kernel/json-pointer.js';
import { addSafeFormats } from './formats.js';
import { ARGUMENT_LIMITS, argumentFault, inspectSchema } from './limits.js';
import { dialectOf, metaFault } from './meta.js';
import { re2Engine } from './re2.js';
import { areUnique } from './unique.js';
import type { SchemaObject } from '../../kernel/subschemas.js';

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
  // Judged beforehand by the shared meta-schema: loading it into each instance costs 20 ms a schema.
  meta: false,
  validateSchema: false,
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
  const fault = metaFault(inspected.schema);
  if (fault) return { enforced: false, reason: fault };
  // Where references lead, the cost of a check can multiply: steps are counted there.
  for (const target of inspected.targets) target[STEP] = true;
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

function compileWith(
  schema: SchemaObject,
  budget: { steps: number },
  allErrors: boolean,
): ValidateFunction {
  const options = { ...OPTIONS, allErrors };
  const ajv = dialectOf(schema) === 'draft-07' ? new Ajv(options) : new Ajv2020(options);
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
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (on: boolean, items: unknown[]) =>
      !on || areUnique(items, ARGUMENT_LIMITS.uniqueItems),
    error: { message: 'must not hold equal items, nor more than 1000' },
  });
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return ajv.compile(rest);
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
  return `${error.instancePath}/${pointerToken(member)}`;
}
