import { scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';
import type { FieldFault } from '../../kernel/errors.js';
import { re2Fault } from './re2.js';
import {
  isObject,
  resolvePointer,
  type SchemaObject,
  subschemas,
} from '../../kernel/subschemas.js';

/** Caps of SECURITY.md S46: schemas and arguments come from strangers. */
export const SCHEMA_LIMITS = {
  bytes: 262_144,
  depth: 32,
  subschemas: 2_000,
  branches: 200,
  pattern: 2_048,
} as const;
export const ARGUMENT_LIMITS = {
  bytes: 1_048_576,
  depth: 64,
  items: 10_000,
  uniqueItems: 1_000,
} as const;

export interface InspectedSchema {
  readonly schema: SchemaObject;
  /** Targets of references, where the cost of a check can multiply. */
  readonly targets: ReadonlySet<SchemaObject>;
}

/**
 * `refused`: not to be taken in at all; `unenforced`: fine to show, but not to be checked against.
 */
export type SchemaVerdict =
  | ({ readonly verdict: 'ok' } & InspectedSchema)
  | { readonly verdict: 'refused' | 'unenforced'; readonly reason: string };

const refused = (reason: string): SchemaVerdict => ({ verdict: 'refused', reason });
const unenforced = (reason: string): SchemaVerdict => ({ verdict: 'unenforced', reason });

/** Judges a schema without compiling it: size, depth, number, references, patterns. */
export function inspectSchema(text: string): SchemaVerdict {
  if (Buffer.byteLength(text) > SCHEMA_LIMITS.bytes)
    return refused(`schema is larger than ${String(SCHEMA_LIMITS.bytes)} bytes`);
  const parsed = parse(text);
  if (typeof parsed === 'string') return refused(parsed);
  let count = 0;
  const targets = new Set<SchemaObject>([parsed]);
  const seen = new Set<SchemaObject>([parsed]);
  const queue: SchemaObject[] = [parsed];
  for (let schema = queue.pop(); schema !== undefined; schema = queue.pop()) {
    if (++count > SCHEMA_LIMITS.subschemas)
      return refused(`more than ${String(SCHEMA_LIMITS.subschemas)} subschemas`);
    const { target, verdict } = examine(parsed, schema, targets);
    if (verdict) return verdict;
    for (const next of target ? [...subschemas(schema), target] : subschemas(schema)) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return { verdict: 'ok', schema: parsed, targets };
}

/** Judges one subschema by itself. @returns its reference's target, or a verdict on the whole schema */
function examine(
  root: SchemaObject,
  schema: SchemaObject,
  targets: Set<SchemaObject>,
): { readonly target?: SchemaObject; readonly verdict?: SchemaVerdict } {
  const verdict = keywordProblem(schema);
  if (verdict) return { verdict };
  const target = reference(root, schema);
  if (typeof target === 'string') return { verdict: unenforced(target) };
  const isNamed = ['$id', '$anchor', '$dynamicAnchor'].some((key) => schema[key] !== undefined);
  if (isNamed) targets.add(schema);
  if (target) targets.add(target);
  return target ? { target } : {};
}

function parse(text: string): SchemaObject | string {
  try {
    // Each level of schema is up to two levels of JSON: `properties` and the property.
    scanJson(text, { maxDepth: SCHEMA_LIMITS.depth * 2, uniqueKeys: false });
  } catch (e) {
    if (!(e instanceof JsonScanError)) throw e;
    return e.fault === 'depth' ? 'schema is nested too deeply' : 'schema is no JSON';
  }
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : 'schema is no object';
}

function keywordProblem(schema: SchemaObject): SchemaVerdict | undefined {
  for (const key of ['oneOf', 'anyOf', 'allOf']) {
    const list = schema[key];
    if (Array.isArray(list) && list.length > SCHEMA_LIMITS.branches)
      return refused(`${key} has more than ${String(SCHEMA_LIMITS.branches)} branches`);
  }
  const patterns: unknown[] = [schema['pattern']];
  if (isObject(schema['patternProperties']))
    patterns.push(...Object.keys(schema['patternProperties']));
  for (const pattern of patterns) {
    if (typeof pattern !== 'string') continue;
    if (pattern.length > SCHEMA_LIMITS.pattern) return unenforced('a pattern is too long');
    const fault = re2Fault(pattern);
    if (fault) return unenforced(`a pattern cannot be checked in linear time: ${fault}`);
  }
  return undefined;
}

/** @returns the target of a local reference, or why a reference makes the schema unenforceable */
function reference(root: SchemaObject, schema: SchemaObject): SchemaObject | string | undefined {
  for (const key of ['$ref', '$dynamicRef', '$recursiveRef']) {
    const ref = schema[key];
    if (ref === undefined) continue;
    if (typeof ref !== 'string' || !ref.startsWith('#'))
      return `${key} outside the schema is not loaded`;
    if (ref !== '#' && !ref.startsWith('#/')) continue;
    const target = resolvePointer(root, ref);
    if (!target) return `${key} points to nothing`;
    return target;
  }
  return undefined;
}

/**
 * Checks arguments against the caps that hold whether or not a schema is enforced.
 * @returns the first fault
 */
export function argumentFault(value: unknown): FieldFault | undefined {
  return fault(value, 1);
}

function fault(value: unknown, depth: number): FieldFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > ARGUMENT_LIMITS.depth)
    return { pointer: '', detail: `nested deeper than ${String(ARGUMENT_LIMITS.depth)}` };
  if (Array.isArray(value)) {
    if (value.length > ARGUMENT_LIMITS.items)
      return {
        pointer: '',
        detail: `an array has more than ${String(ARGUMENT_LIMITS.items)} items`,
      };
    for (const item of value as unknown[]) {
      const found = fault(item, depth + 1);
      if (found) return found;
    }
    return undefined;
  }
  for (const key in value) {
    const found = fault((value as SchemaObject)[key], depth + 1);
    if (found) return found;
  }
  return undefined;
}
