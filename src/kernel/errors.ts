/** Who has to act: the caller, an upstream, or the people who run the gateway. */
export type Fault = 'caller' | 'upstream' | 'gateway';

/**
 * One row of the error table (API.md §1.4).
 * `text` is the message with `{placeholders}`; `status` the HTTP status; `rpc` the JSON-RPC code,
 * `rpcOnRpc` the one that existing `/rpc` clients know where it differs, `rpcModern` the one of
 * revision 2026-07-28.
 */
export interface ErrorRow {
  readonly title: string;
  readonly text: string;
  readonly status: number;
  readonly rpc: number;
  readonly rpcOnRpc?: number;
  readonly rpcModern?: number;
  readonly fault: Fault;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

interface More {
  readonly rpcOnRpc?: number;
  readonly rpcModern?: number;
  readonly fault?: Fault;
  readonly level?: ErrorRow['level'];
}

// A row of a table: five columns read better than five keys sixty times.
// eslint-disable-next-line no-restricted-syntax
const row = <T extends string>(
  text: T,
  title: string,
  status: number,
  rpc: number,
  more: More = {},
): ErrorRow & { readonly text: T } => ({
  text,
  title,
  status,
  rpc,
  fault: more.fault ?? 'caller',
  level: more.level ?? 'debug',
  ...(more.rpcOnRpc === undefined ? {} : { rpcOnRpc: more.rpcOnRpc }),
  ...(more.rpcModern === undefined ? {} : { rpcModern: more.rpcModern }),
});

const upstream = { fault: 'upstream', level: 'info', rpcOnRpc: -32000 } as const;
const own = { fault: 'gateway', level: 'warn' } as const;

/** Every error the gateway can answer with. A row is the only place that knows its numbers. */
export const ERRORS = {
  parse_error: row('Parse error', 'Parse error', 400, -32700),
  invalid_request: row('Invalid request: {reason}', 'Invalid request', 400, -32600),
  bad_head: row('Bad request head: {reason}', 'Bad request', 400, -32600),
  invalid_params: row('Invalid params: {reason}', 'Invalid params', 400, -32602),
  missing_parameter: row('Missing {what} in parameters', 'Missing parameter', 400, -32602),
  invalid_arguments: row('Invalid arguments: {reason}', 'Invalid arguments', 400, -32602),
  request_state_invalid: row(
    'requestState is invalid, expired or already used',
    'Invalid request state',
    400,
    -32602,
  ),
  login_unknown: row(
    'This login is unknown, expired or already used: begin it again',
    'Unknown login',
    400,
    40001,
  ),
  login_elsewhere: row(
    'This login was begun elsewhere: finish it in that browser, or send this request with the credential that began it',
    'Login begun elsewhere',
    403,
    40304,
  ),
  login_foreign: row(
    'This link was made for somebody else: open the one that your own client shows',
    'Login of somebody else',
    403,
    40306,
    { level: 'info' },
  ),
  login_needed: row(
    'Log in to gateway {gateway} first, then try again: {url}',
    'Login needed',
    403,
    40305,
  ),
  invalid_cursor: row('Cursor is invalid or expired', 'Invalid cursor', 400, -32602),
  unknown_reference: row('Unknown {kind} in {field}: {name}', 'Unknown reference', 400, -32602),
  missing_session_id: row('Missing session_id', 'Missing session id', 400, -32600),
  unsupported_protocol_version: row(
    'Unsupported protocol version',
    'Unsupported protocol version',
    400,
    -32022,
  ),
  header_mismatch: row('Header mismatch: {reason}', 'Header mismatch', 400, -32020),
  missing_client_capability: row(
    'Client capability required: {capability}',
    'Client capability required',
    400,
    -32021,
  ),
  not_authenticated: row('Not authenticated', 'Not authenticated', 401, 40100),
  token_invalid: row('Invalid token', 'Not authenticated', 401, 40101),
  token_expired: row('Token has expired', 'Not authenticated', 401, 40102),
  token_revoked: row('Token has been revoked', 'Not authenticated', 401, 40103),
  token_without_expiry: row(
    'Token is missing required expiration claim. Set REQUIRE_TOKEN_EXPIRATION=false to allow.',
    'Not authenticated',
    401,
    40101,
  ),
  forbidden: row(
    'Insufficient permissions: {permission} is required',
    'Insufficient permissions',
    403,
    40300,
    { rpcOnRpc: -32003, level: 'info' },
  ),
  origin_forbidden: row('Origin {origin} is not allowed', 'Origin forbidden', 403, 40301, {
    level: 'info',
  }),
  csrf_failed: row('Cross-site request refused', 'Cross-site request', 403, 40301, {
    level: 'info',
  }),
  feature_disabled: row('{feature} is disabled ({setting})', 'Feature disabled', 403, 40302),
  command_not_allowed: row(
    'Command {command} is not in {setting}',
    'Command not allowed',
    403,
    40303,
    { level: 'warn' },
  ),
  route_not_found: row('No route {method} {path}', 'No such route', 404, -32601),
  tool_not_found: row('Tool not found: {name}', 'Tool not found', 404, -32602, {
    rpcOnRpc: -32601,
  }),
  resource_not_found: row('Resource not found: {uri}', 'Resource not found', 404, -32002, {
    rpcOnRpc: -32002,
    rpcModern: -32602,
  }),
  task_not_found: row('Task not found', 'Task not found', 404, -32602),
  prompt_not_found: row('Prompt not found: {name}', 'Prompt not found', 404, -32602, {
    rpcOnRpc: -32002,
  }),
  prompt_version_not_found: row(
    'Prompt not found: {name}@{version}',
    'Prompt version not found',
    404,
    -32602,
    { rpcOnRpc: -32002 },
  ),
  server_not_found: row('Server not found: {name}', 'Server not found', 404, 40400, {
    rpcOnRpc: -32002,
  }),
  gateway_not_found: row('Gateway not found: {name}', 'Gateway not found', 404, 40400),
  session_not_found: row('Session not found', 'Session not found', 404, 40401),
  method_not_found: row('Method not found: {method}', 'Method not found', 200, -32601),
  method_not_allowed: row('{allowed} are allowed', 'Method not allowed', 405, 40500),
  not_acceptable: row('Accept must include {types}', 'Not acceptable', 406, 40600),
  name_conflict: row('{kind} already exists with name: {name}', 'Name conflict', 409, 40900),
  gateway_conflict: row('Gateway name already exists', 'Name conflict', 409, 40900),
  id_conflict: row('{kind} already exists with id: {id}', 'Id conflict', 409, 40900),
  ambiguous_name: row("{kind} name '{name}' matches {count} records", 'Ambiguous name', 409, 40900),
  in_progress: row('{what} already running', 'In progress', 409, 40900),
  login_outdated: row(
    'The gateway was changed since this login was begun: begin it again',
    'Outdated login',
    409,
    40902,
  ),
  stream_conflict: row('Session already has a listening stream', 'Stream conflict', 409, 40901),
  tool_disabled: row("Tool '{name}' is disabled", 'Tool disabled', 409, -32602, {
    rpcOnRpc: -32601,
  }),
  precondition_failed: row(
    'Version is {current}, If-Match says {given}',
    'Precondition failed',
    412,
    41200,
  ),
  payload_too_large: row('Body is larger than {limit} bytes', 'Payload too large', 413, 41300),
  unsupported_media_type: row(
    'Content-Type must be application/json',
    'Unsupported media type',
    415,
    41500,
  ),
  unsupported_encoding: row(
    'Content-Encoding must be identity',
    'Unsupported encoding',
    415,
    41500,
  ),
  range_not_satisfiable: row('Range is outside {size} bytes', 'Range not satisfiable', 416, 41600),
  host_not_allowed: row('Host {host} is not allowed', 'Host not allowed', 421, 42100, {
    level: 'info',
  }),
  validation_failed: row('{summary}', 'Invalid request', 422, -32602),
  egress_blocked: row('Address {address} is not allowed', 'Address blocked', 422, 50201, {
    rpcOnRpc: -32000,
    level: 'warn',
  }),
  idempotency_mismatch: row(
    'Idempotency-Key was used with another body',
    'Key used for another request',
    422,
    -32602,
  ),
  secret_required: row('URL origin changed: send {field} again', 'Secret required', 422, -32602),
  upgrade_required: row(
    'This address speaks WebSocket: an upgrade is required',
    'Upgrade required',
    426,
    42600,
  ),
  rate_limited: row(
    'Rate limit exceeded: {limit} tool calls per minute',
    'Rate limited',
    429,
    42900,
  ),
  too_many_attempts: row('Too many failed attempts', 'Rate limited', 429, 42900, {
    level: 'info',
  }),
  too_many_streams: row('Too many open streams: {limit} are allowed', 'Rate limited', 429, 42900),
  headers_too_large: row('More than 16 KiB or 100 headers', 'Headers too large', 431, 43100),
  cancelled: row('Request cancelled', 'Cancelled', 499, -32800),
  internal_error: row('Internal error (request {requestId})', 'Internal error', 500, -32603, {
    fault: 'gateway',
    level: 'error',
  }),
  upstream_error: row('{reason}', 'Upstream error', 502, 50200, upstream),
  token_not_renewed: row(
    'The token for the upstream could not be renewed, try again later: {reason}',
    'Token not renewed',
    502,
    50203,
    upstream,
  ),
  unanswerable: row('{reason}', 'Question without an answer', 502, -32603, {
    fault: 'upstream',
    level: 'info',
  }),
  upstream_unreachable: row(
    'Unable to connect to gateway: {reason}',
    'Upstream unreachable',
    502,
    50202,
    upstream,
  ),
  upstream_unavailable: row(
    "{kind} '{name}' exists but is currently offline. Please verify if it is running.",
    'Upstream unavailable',
    503,
    50300,
    upstream,
  ),
  overloaded: row('{what}', 'Overloaded', 503, 50301, own),
  draining: row('Shutting down', 'Shutting down', 503, 50302, { ...own, level: 'info' }),
  dependency_unavailable: row(
    '{dependency} unavailable',
    'Dependency unavailable',
    503,
    50303,
    own,
  ),
  upstream_timeout: row('{what} timed out after {ms} ms', 'Upstream timeout', 504, 50400, upstream),
  federation_loop: row(
    'Loop: {path} is this gateway itself',
    'Federation loop',
    508,
    50800,
    upstream,
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a text is the code of a row. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

type Placeholders<T extends string> = T extends `${string}{${infer P}}${infer Rest}`
  ? P | Placeholders<Rest>
  : never;

/** The values that the text of an error needs, by name. */
export type ErrorParams<C extends ErrorCode> = Record<
  Placeholders<(typeof ERRORS)[C]['text']>,
  string | number
>;

/** One faulty field: JSON pointer into the body, and what is wrong with it (RFC 9457 extension). */
export interface FieldFault {
  readonly pointer: string;
  readonly detail: string;
  readonly type?: string;
}

/** What an error carries besides its text. */
export interface ErrorExtras {
  /** Facts for machines: `error.data` on JSON-RPC, members beside `detail` in problem+json. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldFault[];
  /** Sent as `Retry-After` (whole seconds). */
  readonly retryAfterSeconds?: number;
  /** Id of the faulty JSON-RPC request as written, when it could be read. */
  readonly rpcId?: string;
  /** Sent as response headers where there is an HTTP status. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the gateway itself; never shown. */
  readonly wayUp?: WayUp;
  readonly cause?: unknown;
}

/** What a failure tells of the way to an upstream. */
export interface WayUp {
  /**
   * `failed`: it was not reached, or broke off. `answered`: it is there, whatever was wrong with its
   * answer. `untried`: nobody tried.
   */
  readonly reach?: 'failed' | 'answered' | 'untried';
  /** It refused before anything ran, and wants to be asked again after so many ms. */
  readonly askAgainMs?: number;
  /** `WWW-Authenticate` of a 401 or 403, as it came; it names a foreign server and is never relayed. */
  readonly challenge?: string;
  /** What only those who look after the upstream may read of it besides. */
  readonly detail?: string;
}

type Rest<C extends ErrorCode> = [Placeholders<(typeof ERRORS)[C]['text']>] extends [never]
  ? [params?: Record<string, never>, extras?: ErrorExtras]
  : [params: ErrorParams<C>, extras?: ErrorExtras];

/**
 * The one class of errors. `message` is fit for the caller: no stack, SQL, path or secret.
 * @example throw new GatewayError('tool_not_found', { name })
 */
export class GatewayError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly extras: ErrorExtras;

  constructor(code: C, ...rest: Rest<C>) {
    const [params, extras = {}] = rest as [Record<string, string>?, ErrorExtras?];
    super(fill(ERRORS[code].text, params ?? {}), { cause: extras.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.extras = extras;
  }

  /** Narrows to the class as it is, not to `GatewayError<any>`. */
  static override [Symbol.hasInstance](value: unknown): value is GatewayError {
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  /** The same error with more facts, or other ones. */
  with(extras: ErrorExtras): GatewayError<C> {
    const rest: unknown = [{}, { ...this.extras, ...extras }];
    const copy = new GatewayError(this.code, ...(rest as Rest<C>));
    copy.message = this.message;
    return copy;
  }
}

/** A thrown thing as an error of the table; what is unknown becomes `internal_error`, its cause kept. */
export function knownError(thrown: unknown, requestId: string): GatewayError {
  return thrown instanceof GatewayError
    ? thrown
    : new GatewayError('internal_error', { requestId }, { cause: thrown });
}

function fill(text: string, params: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
}
