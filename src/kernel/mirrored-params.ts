/**
 * Which arguments of a tool its calls repeat in the head: what the `inputSchema` marks with
 * `x-mcp-header` (MCP 2026-07-28, Streamable HTTP §Schema Extension).
 */
import { isObject, type SchemaObject, subschemas } from './subschemas.js';

/** One argument that is repeated in the head. */
export interface MirroredParam {
  /** `Mcp-Param-Region`, as the schema spells it. */
  readonly header: string;
  /** The same in lower case, as Node names headers. */
  readonly key: string;
  /** Where the value stands in `arguments`. */
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean' | 'number';
}

/** What a schema says about mirrored arguments. */
export interface MirroredParams {
  /** Empty when `fault` makes the marks unusable. A forbidden `number` is still compared. */
  readonly params: readonly MirroredParam[];
  /** Why no client may use the tool over HTTP (§Client Behavior); null when the schema is in order. */
  readonly fault: string | null;
}

const MARK = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: readonly unknown[] = ['string', 'integer', 'boolean', 'number'];
const UNMARKED: MirroredParams = { params: [], fault: null };

/**
 * Collects the marks of an `inputSchema`. They count only where `properties` alone lead; a mark
 * anywhere else makes the tool invalid (§Schema Extension).
 */
export function mirroredParams(inputSchema: unknown): MirroredParams {
  if (!isObject(inputSchema)) return UNMARKED;
  const found = new Marks();
  found.visit(inputSchema, [], true);
  if (found.fault !== null) return { params: [], fault: found.fault };
  return { params: found.params, fault: found.numberFault };
}

class Marks {
  readonly params: MirroredParam[] = [];
  fault: string | null = null;
  numberFault: string | null = null;

  visit(schema: SchemaObject, path: readonly string[], isReachable: boolean): void {
    if (Object.hasOwn(schema, MARK)) {
      const at = path.length === 0 ? 'the schema itself' : `'${path.join('.')}'`;
      if (isReachable && path.length > 0) this.mark(schema, path, at);
      else this.fault ??= `${MARK} at ${at} is not on a property reached by 'properties' alone`;
    }
    const { properties } = schema;
    if (Object.hasOwn(schema, 'properties') && isObject(properties))
      for (const [key, child] of Object.entries(properties))
        if (isObject(child)) this.visit(child, [...path, key], isReachable);
    for (const child of subschemas({ ...schema, properties: undefined }))
      this.visit(child, path, false);
  }

  private mark(schema: SchemaObject, path: readonly string[], at: string): void {
    const { [MARK]: name, type } = schema;
    if (typeof name !== 'string' || !TOKEN.test(name)) {
      this.fault ??= `${MARK} of ${at} is no header name`;
    } else if (!isMirroredType(type)) {
      this.fault ??= `${MARK} of ${at} needs type string, integer or boolean`;
    } else {
      const header = `Mcp-Param-${name}`;
      const key = header.toLowerCase();
      if (this.params.some((other) => other.key === key))
        this.fault ??= `${MARK} '${name}' is there twice`;
      if (type === 'number')
        this.numberFault ??= `${MARK} of ${at} needs type string, integer or boolean`;
      this.params.push({ header, key, path, type });
    }
  }
}

function isMirroredType(type: unknown): type is MirroredParam['type'] {
  return TYPES.includes(type);
}
