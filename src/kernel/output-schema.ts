import { RELAYED, scanJson } from './json-scan.js';

/**
 * `outputSchema` in the words of the legacy era, whose root must be an object (MCP 2025-11-25 §Tools):
 * any other root becomes the schema of a member `result`. The rules are those of the official SDK's
 * 2025 codec, so that a tool looks alike behind it and behind us.
 */

type Schema = Record<string, unknown>;

const WHERE = '#/properties/result';
/** Keywords whose values are data: what looks like a reference there is none. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);
/** Keywords whose values map names to schemas: a name that looks like a keyword is none. */
const NAME_MAPS = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);

/** Whether the root of a schema, as JSON text, is something else than an object. */
export function hasOtherRoot(schema: string): boolean {
  return schema.startsWith('{') && scanJson(schema, RELAYED).top.string('type') !== 'object';
}

/**
 * @param schema JSON text of which `hasOtherRoot` is true
 * @returns a schema of the object that holds the value as `result`; local references lead where their
 *   target now stands
 */
export function wrappedSchema(schema: string): string {
  const root = JSON.parse(schema) as Schema;
  const { $schema } = root;
  const isRecursive = declares2019(root) && root['$recursiveAnchor'] !== true;
  return JSON.stringify({
    ...(typeof $schema === 'string' ? { $schema } : {}),
    type: 'object',
    properties: { result: hasOwnBase(root) ? root : rerooted(root, isRecursive) },
    required: ['result'],
  });
}

/** References below an own `$id` are resolved against that, not against the document. */
function hasOwnBase(schema: Schema): boolean {
  const id = schema['$id'];
  return id !== undefined && !(typeof id === 'string' && id.startsWith('#'));
}

function declares2019({ $schema }: Schema): boolean {
  return typeof $schema === 'string' && $schema.includes('json-schema.org/draft/2019-09/');
}

function rerooted(node: unknown, isRecursive: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => rerooted(item, isRecursive));
  if (!isSchema(node)) return node;
  if (hasOwnBase(node)) return node;
  const out: Schema = {};
  for (const [key, value] of Object.entries(node))
    if (!(isRecursive && key === '$recursiveRef' && value === '#'))
      out[key] = rerootedMember(key, value, isRecursive);
  if (isRecursive && node['$recursiveRef'] === '#') addReference(out);
  return out;
}

function rerootedMember(key: string, value: unknown, isRecursive: boolean): unknown {
  if ((key === '$ref' || key === '$dynamicRef') && typeof value === 'string') return moved(value);
  if (DATA.has(key)) return value;
  if (NAME_MAPS.has(key) && isSchema(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, rerooted(child, isRecursive)]),
    );
  return rerooted(value, isRecursive);
}

function moved(reference: string): string {
  if (reference === '#') return WHERE;
  return reference.startsWith('#/') ? WHERE + reference.slice(1) : reference;
}

function addReference(schema: Schema): void {
  if (!('$ref' in schema)) schema['$ref'] = WHERE;
  else
    schema['allOf'] = [
      ...(Array.isArray(schema['allOf']) ? (schema['allOf'] as unknown[]) : []),
      { $ref: WHERE },
    ];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
