import { registerDecorator, ValidateIf, type ValidationArguments } from 'class-validator';

/** May be absent, not `null`. */
export const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** May be absent, and `null` for the default (`N` fields of API.md). */
export const Nullable = (): PropertyDecorator =>
  ValidateIf((_, value) => value !== undefined && value !== null);

/**
 * A rule of our own.
 * @param type its name in `errors[].type`, camelCase
 * @param judge says what is wrong with a value; `undefined` = nothing
 */
export function rule(
  type: string,
  judge: (value: unknown) => string | undefined,
): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: type,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => judge(value) === undefined,
        defaultMessage: (args?: ValidationArguments) => judge(args?.value) ?? '',
      },
    });
  };
}

const CONTROL = /[\u0000-\u001f\u007f]/;

/** `name` of a gateway, server or resource (API.md §1.11). */
export const EntityName = (): PropertyDecorator =>
  rule('name', (value) => {
    if (typeof value !== 'string') return 'Input should be a string';
    const { length } = value.trim();
    if (length < 1 || length > 255) return 'Name must have 1 to 255 characters';
    return CONTROL.test(value) || /[<>]/.test(value)
      ? "Name cannot contain control characters, '<' or '>'"
      : undefined;
  });

/** Free text of limited length. */
export const Text = (max: number): PropertyDecorator =>
  rule('text', (value) => {
    if (typeof value !== 'string') return 'Input should be a string';
    return value.length > max ? `Input should have at most ${max} characters` : undefined;
  });

export const WholeNumber = (min: number, max: number): PropertyDecorator =>
  rule('wholeNumber', (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `Input should be a whole number from ${min} to ${max}`,
  );

export const Bool = (): PropertyDecorator =>
  rule('bool', (value) =>
    typeof value === 'boolean' ? undefined : 'Input should be true or false',
  );

export const OneOf = (values: readonly string[]): PropertyDecorator =>
  rule('enum', (value) =>
    typeof value === 'string' && values.includes(value)
      ? undefined
      : `Input should be one of: ${values.join(', ')}`,
  );

/** A JSON object of at most `maxBytes` as text. */
export const JsonObjectOf = (maxBytes: number): PropertyDecorator =>
  rule('object', (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'Input should be an object';
    return Buffer.byteLength(JSON.stringify(value)) > maxBytes
      ? `Input should have at most ${maxBytes} bytes`
      : undefined;
  });

/** Tags are normalised by the registry; here only their form counts (API.md §1.7). */
export const Tags = (): PropertyDecorator =>
  rule('tags', (value) => {
    if (!Array.isArray(value)) return 'Input should be a list';
    if (value.length > 256) return 'Input should have at most 256 elements';
    return value.every(isTag) ? undefined : 'Each tag should be a string or {id, label}';
  });

function isTag(tag: unknown): boolean {
  if (typeof tag === 'string') return true;
  return typeof tag === 'object' && tag !== null && 'id' in tag && typeof tag.id === 'string';
}

const areStrings = (value: readonly unknown[]): boolean =>
  value.every((item) => typeof item === 'string');

export const StringArray = (max: number): PropertyDecorator =>
  rule('stringArray', (value) => {
    if (!Array.isArray(value) || !areStrings(value)) return 'Input should be a list of strings';
    return value.length > max ? `Input should have at most ${max} elements` : undefined;
  });

/** `[{key, value}]`. */
export const AuthHeaders = (): PropertyDecorator =>
  rule('authHeaders', (value) =>
    Array.isArray(value) && value.length <= 50 && value.every(isPair)
      ? undefined
      : 'Input should be a list of at most 50 {key, value} of strings',
  );

function isPair(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { key, value } = item as { readonly key?: unknown; readonly value?: unknown };
  return typeof key === 'string' && typeof value === 'string';
}

/** Strings, or one comma-separated string. */
export const StringList = (max: number): PropertyDecorator =>
  rule('stringList', (value) => {
    if (typeof value === 'string') return undefined;
    if (!Array.isArray(value) || !areStrings(value)) return 'Input should be a list of strings';
    return value.length > max ? `Input should have at most ${max} elements` : undefined;
  });

/** A map of strings. */
export const StringMap = (max: number): PropertyDecorator =>
  rule('stringMap', (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'Input should be an object';
    const values: unknown[] = Object.values(value);
    if (values.length > max) return `Input should have at most ${max} entries`;
    return areStrings(values) ? undefined : 'Values should be strings';
  });

export const Visibility = (): PropertyDecorator =>
  rule('visibility', (value) =>
    value === 'public' ? undefined : 'Only public is served; limit access by tokens instead',
  );
