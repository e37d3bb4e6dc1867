import { isDeepStrictEqual } from 'node:util';
import { getMetadataStorage } from 'class-validator';
import { type FieldFault, GatewayError } from '../../kernel/errors.js';
import { pointerToken } from '../../kernel/json-pointer.js';
import { toCamelCase } from '../casing.js';
import { type BodySpec, READ_ONLY } from './body-spec.js';

/** What of a body is bound to which field, and what was said about the rest. */
export interface ReadFields {
  readonly values: ReadonlyMap<string, unknown>;
  /** JSON pointer of a field, in the spelling that was sent. */
  pointerTo(field: string): string;
  /** Keys that mean nothing here. */
  readonly unknown: readonly string[];
  readonly faults: readonly FieldFault[];
}

/**
 * Sorts the keys of a body (API.md §1.2): both spellings, aliases, wrapper.
 * @throws GatewayError `validation_failed` when the body is no object
 */
export function readFields<T extends object>(body: unknown, spec: BodySpec<T>): ReadFields {
  if (!isObject(body)) {
    const detail = 'Input should be an object';
    throw validationFailed([{ pointer: '', detail, type: 'dict_type' }]);
  }
  const { members, prefix, strangers } = unwrap(body, spec);
  const known = fieldsOf(spec.shape);
  const values = new Map<string, unknown>();
  const sentAs = new Map<string, string>();
  const unknown = [...strangers];
  const faults: FieldFault[] = [];
  const bind = (key: string, value: unknown, at: string): void => {
    const camel = toCamelCase(key);
    const field = Object.hasOwn(spec.aliases ?? {}, camel) ? spec.aliases?.[camel] : camel;
    if (field === undefined || !known.has(field)) {
      if (!READ_ONLY.has(camel)) unknown.push(key);
    } else if (!values.has(field)) {
      values.set(field, value);
      sentAs.set(field, `${at}/${pointerToken(key)}`);
    } else if (!isDeepStrictEqual(values.get(field), value)) {
      const detail = `'${field}' is given twice with different values`;
      faults.push({ pointer: `${at}/${pointerToken(key)}`, detail, type: 'conflicting_spelling' });
    }
  };
  for (const [key, value] of members) {
    if (spec.flatten?.includes(key) === true && isObject(value))
      for (const [inner, v] of Object.entries(value)) bind(inner, v, `${prefix}/${key}`);
    else bind(key, value, prefix);
  }
  const pointerTo = (field: string): string => sentAs.get(field) ?? `${prefix}/${field}`;
  return { values, pointerTo, unknown, faults };
}

type Members = readonly (readonly [string, unknown])[];

/** Siblings of a wrapper that existing clients send with it. */
const SIBLINGS = ['team_id', 'teamId', 'visibility'];

function unwrap<T extends object>(
  body: Readonly<Record<string, unknown>>,
  { wrapper, required }: BodySpec<T>,
): { members: Members; prefix: string; strangers: readonly string[] } {
  const flat = Object.entries(body);
  const marker = required?.[0];
  if (wrapper === undefined || (marker !== undefined && Object.hasOwn(body, marker)))
    return { members: flat, prefix: '', strangers: [] };
  const inner = Object.hasOwn(body, wrapper) ? body[wrapper] : undefined;
  if (!isObject(inner)) return { members: flat, prefix: '', strangers: [] };
  const siblings = flat.filter(([key]) => SIBLINGS.includes(key) && !Object.hasOwn(inner, key));
  const strangers = flat.flatMap(([key]) =>
    key === wrapper || SIBLINGS.includes(key) ? [] : [key],
  );
  return { members: [...Object.entries(inner), ...siblings], prefix: `/${wrapper}`, strangers };
}

const knownFields = new WeakMap<object, ReadonlySet<string>>();

function fieldsOf(shape: new () => object): ReadonlySet<string> {
  let fields = knownFields.get(shape);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(shape, '', true, false);
    fields = new Set(rules.map((rule) => rule.propertyName));
    knownFields.set(shape, fields);
  }
  return fields;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `validation_failed` with its list; the text counts them (API.md §1.4). */
export function validationFailed(errors: readonly FieldFault[]): GatewayError {
  const n = errors.length;
  const summary = n === 1 ? '1 field is invalid' : `${n} fields are invalid`;
  return new GatewayError('validation_failed', { summary }, { errors });
}
