import { CommandError, EXIT } from '../exit-code.js';

/** Where the wrapper sends messages, and what the URL said about who asks. */
export interface Endpoint {
  readonly url: URL;
  /** The URL as it was given, without user, password and fragment: an older server has its stream there. */
  readonly given: URL;
  /** `Authorization` made of `user:password@` in the URL; `null` when there was none. */
  readonly authorization: string | null;
}

/**
 * The Streamable HTTP endpoint that a URL means (OPERATIONS.md §1.5): `…/servers/ID`, `…/mcp`,
 * `…/sse` or a bare base.
 * @throws CommandError when it is no http(s) URL
 */
export function toEndpoint(given: string): Endpoint {
  const url = parsed(given.trim());
  const authorization = basic(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  const asGiven = new URL(url);
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith('/sse')) url.pathname = `${path.slice(0, -'/sse'.length)}/mcp`;
  else url.pathname = path.endsWith('/mcp') ? path : `${path}/mcp`;
  return { url, given: asGiven, authorization };
}

/**
 * Where an older server may have its stream: at the URL as it was given, or at the `/sse` of what that
 * names (OPERATIONS.md §1.5).
 */
export function oldStreams(given: URL): URL[] {
  const path = given.pathname.replace(/\/+$/, '');
  if (path.endsWith('/sse')) return [given];
  const below = new URL(given);
  below.pathname = `${path.endsWith('/mcp') ? path.slice(0, -'/mcp'.length) : path}/sse`;
  return [given, below];
}

/** The URL as people may see it: a query may hold a secret. */
export function shownUrl(url: URL): string {
  return url.origin + url.pathname;
}

function parsed(text: string): URL {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  // Not repeated here: what was meant as a URL may hold a password.
  throw new CommandError('The URL must start with http:// or https://. Check --url.', EXIT.usage);
}

function basic(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
