import type { FieldFault } from '../../kernel/errors.js';
import { headerFault } from '../../registry/header-rules.js';
import type { BodySpec } from '../body/body-spec.js';
import { validationFailed } from '../body/read-fields.js';
import { Nullable, OneOf, rule, StringMap, Text } from '../body/rules.js';

const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
type HttpMethod = (typeof HTTP_METHODS)[number];
const MAX_HEADERS = 50;

const AnyJson = (): PropertyDecorator => rule('json', () => undefined);

/** What the connectivity test is to send (API.md §2.6). */
export class ConnectivityBody {
  @Text(2048) baseUrl?: string;
  @Nullable() @Text(2048) path?: string | null;
  @Nullable() @OneOf([...HTTP_METHODS, 'MCP']) method?: HttpMethod | 'MCP' | null;
  @Nullable() @StringMap(MAX_HEADERS) headers?: Record<string, string> | null;
  @Nullable() @AnyJson() body?: unknown;
}

export const CONNECTIVITY: BodySpec<ConnectivityBody> = {
  shape: ConnectivityBody,
  required: ['baseUrl'],
};

/** A probe that may be sent. */
export interface Probe {
  readonly url: URL;
  readonly method: HttpMethod | 'MCP';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** @throws GatewayError `validation_failed` */
export function toProbe(body: ConnectivityBody): Probe {
  const headers = body.headers ?? {};
  const method = body.method ?? 'GET';
  const faults: FieldFault[] = Object.entries(headers).flatMap(([name, value]) => {
    const detail = headerFault(name, value);
    return detail === undefined ? [] : [{ pointer: '/headers', detail }];
  });
  const url = addressOf(body.baseUrl ?? '', body.path ?? '', method);
  if (url === undefined) faults.push(badUrl(method));
  if (url === undefined || faults.length > 0) throw validationFailed(faults);
  const sent = bodyText(body.body);
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return {
    url,
    method,
    body: sent,
    headers:
      sent === undefined || isTyped ? headers : { ...headers, 'content-type': 'application/json' },
  };
}

/** The path is put behind that of the base, so it cannot lead to another host. */
function addressOf(base: string, path: string, method: Probe['method']): URL | undefined {
  const schemes = method === 'MCP' ? MCP_SCHEMES : HTTP_SCHEMES;
  if (!URL.canParse(base)) return undefined;
  const url = new URL(base);
  if (!schemes.includes(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  url.hash = '';
  if (path === '') return url;
  const [place = '', query] = path.split(/\?(.*)/s, 2);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${place.replace(/^\/+/, '')}`;
  if (query !== undefined) url.search = query;
  return url;
}

const HTTP_SCHEMES = ['http:', 'https:'];
const MCP_SCHEMES = [...HTTP_SCHEMES, 'ws:', 'wss:'];

function badUrl(method: Probe['method']): FieldFault {
  const schemes = method === 'MCP' ? MCP_SCHEMES : HTTP_SCHEMES;
  const shown = schemes.map((scheme) => `${scheme}//`).join(', ');
  return {
    pointer: '/base_url',
    detail: `URL must start with one of: ${shown}, and hold no user or password`,
  };
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' ? body : JSON.stringify(body);
}
