const HIDDEN = '[redacted]';
/** Deeper objects have no place in a log line. */
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;

/** Fields whose type is a secret, or what a caller sent or got, by the words of their name. */
// prettier-ignore
const SECRET_WORDS = new Set([
  'apikey', 'auth', 'authorization', 'cookie', 'cookies', 'credential', 'credentials', 'passphrase',
  'passwd', 'password', 'pwd', 'secret', 'secrets', 'token', 'tokens',
  'arguments', 'args', 'body', 'params', 'result',
]);
const SECRET_TAIL = /(^|\s)(api|private|secret|signing|encryption) key$/;
/** Names that contain such a word but say nothing secret. */
const HARMLESS = new Set(['tokenType', 'authRequired', 'authType', 'tokenExpiry', 'jti']);

/** Headers that may be written; every other one is hidden, whatever it is called. */
// prettier-ignore
const SHOWN_HEADERS = new Set([
  'accept', 'accept-encoding', 'allow', 'connection', 'content-encoding', 'content-length',
  'content-type', 'date', 'host', 'mcp-protocol-version', 'origin', 'retry-after', 'server',
  'transfer-encoding', 'user-agent', 'via', 'x-request-id', 'x-correlation-id',
]);

function isSecretName(name: string): boolean {
  if (HARMLESS.has(name)) return false;
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[-_.\s]+/g, ' ');
  return SECRET_TAIL.test(words) || words.split(' ').some((word) => SECRET_WORDS.has(word));
}

/**
 * Makes a copy of a log entry that is fit to be written: secret fields by the type that their name
 * tells, headers by an allow-list, credentials within texts by their form.
 */
export function redact(entry: object): Record<string, unknown> {
  return copy(entry, 0);
}

function copy(source: object, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined) continue;
    if (isSecretName(name)) out[name] = typeof value === 'number' ? value : HIDDEN;
    else if (name.toLowerCase().endsWith('headers')) out[name] = headers(value);
    else out[name] = plain(value, depth + 1);
  }
  return out;
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof URL) return scrub(value.href);
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (depth > MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1));
  return copy(value, depth);
}

function headers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return HIDDEN;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [
      name,
      SHOWN_HEADERS.has(name.toLowerCase()) ? plain(text, MAX_DEPTH) : HIDDEN,
    ]),
  );
}

/** `type`, `message`, `stack`, `code` and the causes' messages; nothing else that hangs on it. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: scrub(error.message),
    ...(error.stack === undefined ? {} : { stack: scrub(error.stack) }),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause instanceof Error && depth < MAX_DEPTH
      ? { cause: describeError(cause, depth + 1) }
      : {}),
  };
}

/** Hides what looks like a credential inside a text: user info and queries of URLs, schemes, JWTs. */
export function scrub(text: string): string {
  return text
    .replace(/\b([a-z][a-z\d+.-]{1,20}:\/\/)[^\s/?#@]{1,1000}@/gi, `$1${HIDDEN}@`)
    .replace(/(\bhttps?:\/\/[^\s?#]{1,2000})\?[^\s#"')]{1,4000}/gi, `$1?${HIDDEN}`)
    .replace(/\b(bearer|basic) [\w.~+/=-]{4,}/gi, `$1 ${HIDDEN}`)
    .replace(/\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g, HIDDEN);
}
