import { GatewayError } from './errors.js';
import type { Era } from './mcp.js';
import type { Members } from './json-members.js';
import { RELAYED, type Scanned, scanElements, scanJson } from './json-scan.js';
import { JsonScanError } from './json-tokens.js';

/** One JSON-RPC 2.0 message of a far end, still as text (MCP Base Protocol §Messages). */
export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  /** The id exactly as written: `1`, `"1"`, `1.0`; `null` for notifications. */
  readonly id: string | null;
  /** Empty for responses. */
  readonly method: string;
  /** Members of `params` when it is an object. */
  readonly params: Members | null;
  /** All members of the envelope. */
  readonly top: Members;
}

/** Deepest nesting of a message from a client (API.md §1.2). */
export const MAX_JSON_DEPTH = 64;

const REQUEST_SCAN = { nested: ['params'], maxDepth: MAX_JSON_DEPTH } as const;
/** Messages that an upstream may send in one array. */
const MAX_BUNDLED = 256;

const REPLY_SCAN = { ...RELAYED, nested: ['params'] };

/**
 * Reads one message of a client.
 * @throws GatewayError `parse_error`; `invalid_request` with `extras.rpcId` when the id was readable
 */
export function parseMessage(text: string): Message {
  return classify(text, REQUEST_SCAN);
}

/**
 * Reads one message of an upstream: as strict about JSON, not about doubled keys; far deeper.
 * @throws GatewayError `parse_error` or `invalid_request`
 */
export function parseUpstreamMessage(text: string): Message {
  return classify(text, REPLY_SCAN);
}

/**
 * Reads the array of messages that an upstream of 2025-03-26 may send in the place of one.
 * @throws JsonScanError when it is no array, or too long a one · GatewayError as `parseUpstreamMessage`
 */
export function parseUpstreamBatch(text: string): Message[] {
  return scanElements(text, { ...RELAYED, maxElements: MAX_BUNDLED }).map(parseUpstreamMessage);
}

function classify(text: string, options: Parameters<typeof scanJson>[1]): Message {
  const { top, nested, kind } = scanned(text, options);
  if (kind === 'array') throw invalid('batches are not allowed here', null);
  if (kind !== 'object') throw invalid('a message must be an object', null);
  const rawId = top.raw('id');
  const id = rawId === undefined ? null : checkedId(rawId);
  if (top.string('jsonrpc') !== '2.0') throw invalid('\'jsonrpc\' must be "2.0"', id);
  const method = top.string('method');
  if (method === undefined) {
    checkResponse(top, id);
    return {
      kind: 'response',
      id,
      method: '',
      params: null,
      top,
    };
  }
  if (top.has('params') && nested['params'] === undefined)
    throw invalid("'params' must be an object", id);
  return {
    kind: id === null ? 'notification' : 'request',
    id,
    method,
    params: nested['params'] ?? null,
    top,
  };
}

function scanned(text: string, options: Parameters<typeof scanJson>[1]): Scanned {
  try {
    return scanJson(text, options);
  } catch (e) {
    if (!(e instanceof JsonScanError)) throw e;
    if (e.fault === 'duplicate')
      throw new GatewayError('invalid_request', { reason: 'the same key twice in one object' });
    throw new GatewayError('parse_error', {}, { cause: e });
  }
}

function checkResponse(top: Members, id: string | null): void {
  if (top.has('method')) throw invalid("'method' must be a string", id);
  if (id === null || top.has('result') === top.has('error'))
    throw invalid("neither a 'method' nor exactly one of 'result' and 'error'", id);
}

function invalid(reason: string, rpcId: string | null): GatewayError {
  return new GatewayError('invalid_request', { reason }, rpcId === null ? {} : { rpcId });
}

/** Ids are strings or safe integers, never null (MCP Base Protocol §Requests). */
function checkedId(raw: string): string {
  if (raw.startsWith('"')) return raw;
  const value: unknown = /^[-\d]/.test(raw) ? Number(raw) : null;
  if (Number.isSafeInteger(value)) return raw;
  throw invalid("'id' must be a string or a safe integer", null);
}

/** Members of the `result` of a response; `null` when it is no object. */
export function resultMembers(message: Message): Members | null {
  const raw = message.top.raw('result');
  return raw?.startsWith('{') === true ? scanned(raw, REPLY_SCAN).top : null;
}

/** A JSON-RPC error that an upstream answered: passed on as it came, `error` is its object as text. */
export class UpstreamRpcError extends Error {
  constructor(
    readonly error: string,
    readonly code: number,
    /** Whose codes these are: some mean other things in another era. */
    readonly era: Era = 'legacy',
    /** The HTTP status it came with; 200 on pipes. */
    readonly status = 200,
  ) {
    super(`upstream answered JSON-RPC error ${String(code)}`);
  }
}

/** A successful answer; `id` and `result` are JSON text. */
export function resultText(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

/** An answer with an error object given as JSON text. */
export function errorText(id: string | null, error: string): string {
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${error}}`;
}

/** A request we send; `params` is the inside of its params object. */
export function requestText(id: string, method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":{${params}}}`;
}

/** A notification; `params` is the inside of its params object, '' for none. */
export function notificationText(method: string, params: string): string {
  return params === ''
    ? `{"jsonrpc":"2.0","method":${JSON.stringify(method)}}`
    : `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":{${params}}}`;
}

/**
 * The error object of a GatewayError (API.md §1.4).
 * @param onRpc whether it goes out on `/rpc`, where some codes are those that existing clients know
 */
export function errorObject(
  error: GatewayError,
  requestId: string,
  onRpc: boolean,
  era: Era = 'legacy',
): string {
  const { row, extras, code } = error;
  const other = era === 'modern' ? row.rpcModern : onRpc ? row.rpcOnRpc : undefined;
  return JSON.stringify({
    code: other ?? row.rpc,
    message: error.message,
    data: {
      code,
      ...(extras.retryAfterSeconds === undefined ? {} : { retryAfter: extras.retryAfterSeconds }),
      ...(extras.errors === undefined ? {} : { errors: extras.errors }),
      ...extras.data,
      requestId,
    },
  });
}
