/**
 * Members of a modern request that its HTTP head repeats (MCP 2026-07-28, Streamable HTTP §Request
 * Metadata): `MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`, and `Mcp-Param-*` (which
 * ones: mirrored-params.ts). Who sends makes them from the body; who receives compares
 * them with the body and trusts the body alone.
 */
import type { MirroredParam } from './mirrored-params.js';
import { isObject } from './subschemas.js';

/** The member of `params` that `Mcp-Name` repeats, by method; other methods have no such header. */
const NAMED_BY: ReadonlyMap<string, 'name' | 'uri' | 'taskId'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** @returns the member of `params` that `Mcp-Name` repeats for this method; `undefined` for none */
export function memberInName(method: string): 'name' | 'uri' | 'taskId' | undefined {
  return NAMED_BY.get(method);
}

const OPENING = '=?base64?';
const CLOSING = '?=';
/** Standard alphabet, padded: what is laxer would give one value two spellings. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** What a header can carry as it is and keep its outer characters. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

function isEncoded(value: string): boolean {
  return (
    value.length >= OPENING.length + CLOSING.length &&
    value.startsWith(OPENING) &&
    value.endsWith(CLOSING)
  );
}

/** @returns the value as a header carries it: itself, or `=?base64?…?=` over its UTF-8 */
export function encodeHeaderValue(value: string): string {
  if (PLAIN.test(value) && !isEncoded(value)) return value;
  return OPENING + Buffer.from(value).toString('base64') + CLOSING;
}

/**
 * Reads what `encodeHeaderValue` wrote. Outer blanks do not count (RFC 9110 §5.5).
 * @returns null when it is marked as Base64 and is none, or is none of UTF-8
 */
export function decodeHeaderValue(header: string): string | null {
  const value = header.replace(/^[\t ]+|[\t ]+$/g, '');
  if (!isEncoded(value)) return value;
  const inner = value.slice(OPENING.length, -CLOSING.length);
  if (!BASE64.test(inner)) return null;
  const bytes = Buffer.from(inner, 'base64');
  const text = bytes.toString('utf8');
  // Decoding puts U+FFFD for what is no UTF-8; the unused bits of the last character must be zero.
  const isExact = Buffer.from(text).equals(bytes) && bytes.toString('base64') === inner;
  return isExact ? text : null;
}

/**
 * The `Mcp-Param-*` headers of a `tools/call`.
 * @param args its parsed `arguments`
 * @returns names and values in turn, as undici takes them
 */
export function paramHeaders(params: readonly MirroredParam[], args: unknown): string[] {
  const headers: string[] = [];
  for (const param of params) {
    const value = spelled(valueAt(args, param.path));
    if (value !== undefined) headers.push(param.header, encodeHeaderValue(value));
  }
  return headers;
}

const PARAM = 'mcp-param-';

/**
 * The `Mcp-Param-*` headers of a request that its tool knows nothing of: an intermediary passes them on
 * unchanged (26 Streamable HTTP §Request Metadata).
 * @param known what the tool marks; those are made from the body
 * @returns names and values in turn, as undici takes them
 */
export function unknownParamHeaders(
  known: readonly MirroredParam[],
  given: HeaderRecord,
): readonly string[] {
  let headers: string[] | null = null;
  for (const key in given) {
    const value = given[key];
    if (!key.startsWith(PARAM) || typeof value !== 'string') continue;
    if (known.some((param) => param.key === key)) continue;
    (headers ??= []).push(key, value);
  }
  return headers ?? NO_HEADERS;
}

const NO_HEADERS: readonly string[] = [];

/** Headers as Node gives them: names in lower case. */
export type HeaderRecord = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Compares the `Mcp-Param-*` headers of a request with its body.
 * @param args the parsed `arguments`
 * @param headers a doubled header must have been refused before: Node joins it into one value
 * @returns what is wrong (JSON-RPC -32020), naming the header and no value; null when all agree
 */
export function paramMismatch(
  params: readonly MirroredParam[],
  args: unknown,
  headers: HeaderRecord,
): string | null {
  for (const param of params) {
    const value = valueAt(args, param.path);
    const header = headers[param.key];
    if (value === undefined || value === null) {
      if (header !== undefined) return `${param.header} is there, the argument is not`;
      continue;
    }
    const text = spelled(value);
    // Nobody can send it: an object is refused by the schema, an integer beyond 2^53 has no header.
    if (text === undefined) continue;
    const fault = fieldMismatch(param.header, header, text, isSameNumber(param, value));
    if (fault !== null) return fault;
  }
  return null;
}

/** What the body says that every modern request repeats. */
export interface MirroredBody {
  readonly revision: string;
  readonly method: string;
  /** The value `Mcp-Name` repeats; `undefined` when the method has none or the body lacks it. */
  readonly name: string | undefined;
}

/**
 * Compares `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name` with the body, in this order.
 * @param headers as for `paramMismatch`
 * @returns what is wrong (JSON-RPC -32020); null when all agree
 */
export function standardMismatch(body: MirroredBody, headers: HeaderRecord): string | null {
  return (
    plainMismatch('MCP-Protocol-Version', headers['mcp-protocol-version'], body.revision) ??
    plainMismatch('Mcp-Method', headers['mcp-method'], body.method) ??
    (body.name === undefined
      ? null
      : fieldMismatch('Mcp-Name', headers['mcp-name'], body.name, null))
  );
}

function plainMismatch(name: string, header: string | string[] | undefined, expected: string) {
  if (header === expected) return null;
  return header === undefined ? `${name} is missing` : `${name} is not that of the body`;
}

/** @param same the number that an equal header may also spell differently; null for none */
function fieldMismatch(
  name: string,
  header: string | string[] | undefined,
  expected: string,
  same: number | null,
): string | null {
  if (header === expected && !isEncoded(expected)) return null;
  if (header === undefined) return `${name} is missing`;
  const decoded = typeof header === 'string' ? decodeHeaderValue(header) : null;
  if (decoded === null) return `${name} is not properly encoded`;
  if (decoded === expected) return null;
  if (same !== null && DECIMAL.test(decoded) && Number(decoded) === same) return null;
  return `${name} is not that of the body`;
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** Integers are compared as numbers: `42.0` is 42. */
function isSameNumber(param: MirroredParam, value: unknown): number | null {
  const isNumeric = param.type === 'integer' || param.type === 'number';
  return isNumeric && typeof value === 'number' ? value : null;
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let at = args;
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** @returns `undefined` for what no header carries */
function spelled(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}
