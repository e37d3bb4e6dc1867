/** Finds the subschemas of a JSON Schema: only what stands where a schema may stand. */

/** A JSON Schema that is no boolean, as parsed. */
export type SchemaObject = Record<string, unknown>;

const ONE = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const MAP = [
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
];

/** Whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The direct subschemas of a schema; booleans are left out. */
export function subschemas(schema: SchemaObject): SchemaObject[] {
  const found: unknown[] = [];
  for (const key of ONE) if (Object.hasOwn(schema, key)) found.push(schema[key]);
  for (const key of LIST) {
    const list = Object.hasOwn(schema, key) ? schema[key] : undefined;
    if (Array.isArray(list)) found.push(...(list as unknown[]));
  }
  for (const key of MAP) {
    const map = Object.hasOwn(schema, key) ? schema[key] : undefined;
    if (isObject(map)) found.push(...Object.values(map));
  }
  return found.filter(isObject);
}

/** What a local reference (`#`, `#/a/b`) points to; `undefined` when there is no such schema. */
export function resolvePointer(root: SchemaObject, ref: string): SchemaObject | undefined {
  let at: unknown = root;
  for (const raw of ref.slice(1).split('/').slice(1)) {
    const key = safeDecode(raw)?.replaceAll('~1', '/').replaceAll('~0', '~');
    if (key === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, key))
      return undefined;
    at = (at as SchemaObject)[key];
  }
  return isObject(at) ? at : undefined;
}

function safeDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
