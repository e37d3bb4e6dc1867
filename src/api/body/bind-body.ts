import { type ValidationError, validateSync } from 'class-validator';
import type { FieldFault } from '../../kernel/errors.js';
import { pointerToken } from '../../kernel/json-pointer.js';
import { toSnakeCase } from '../casing.js';
import type { BodySpec } from './body-spec.js';
import { readFields, type ReadFields, validationFailed } from './read-fields.js';

/** A body that passed, and the keys that were ignored. */
export interface BoundBody<T> {
  readonly body: T;
  readonly ignored: readonly string[];
}

/**
 * Makes an instance of the body's class from what was sent; absent fields stay absent.
 * @param strict refuse unknown keys (`Prefer: handling=strict`)
 * @throws GatewayError `validation_failed` with every fault
 */
export function bindBody<T extends object>(
  sent: unknown,
  spec: BodySpec<T>,
  strict: boolean,
): BoundBody<T> {
  const fields = readFields(sent, spec);
  const body = new spec.shape();
  for (const [field, value] of fields.values) Reflect.set(body, field, value);
  const faults = [
    ...fields.faults,
    ...missing(fields, spec.required ?? []),
    ...(strict ? fields.unknown.map(stranger) : []),
    ...invalid(body, fields, spec.required ?? []),
  ];
  if (faults.length > 0) throw validationFailed(faults);
  return { body, ignored: fields.unknown };
}

function missing(fields: ReadFields, required: readonly string[]): FieldFault[] {
  return required
    .filter((field) => !fields.values.has(field))
    .map((field) => ({
      pointer: fields.pointerTo(field),
      detail: 'Field required',
      type: 'missing',
    }));
}

const stranger = (key: string): FieldFault => ({
  pointer: `/${pointerToken(key.slice(0, 128))}`,
  detail: 'Unknown field',
  type: 'extra_forbidden',
});

function invalid(body: object, fields: ReadFields, required: readonly string[]): FieldFault[] {
  return validateSync(body, { forbidUnknownValues: false, stopAtFirstError: true })
    .filter(({ property }) => fields.values.has(property) || !required.includes(property))
    .map((error) => toFault(error, fields));
}

function toFault(error: ValidationError, fields: ReadFields): FieldFault {
  const [type, detail] = Object.entries(error.constraints ?? {})[0] ?? ['value_error', 'Invalid'];
  return { pointer: fields.pointerTo(error.property), detail, type: toSnakeCase(type) };
}
