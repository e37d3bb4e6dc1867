import { canonicalPath } from '../../kernel/canonical-url.js';
import { parseUuid, type ServerId } from '../../kernel/ids.js';

export type EndpointName = 'mcp' | 'rpc' | 'plain' | 'sse' | 'message' | 'ws';

/** Where a request of the data plane goes. `server` is the path segment: an id or a name. */
export interface DataRoute {
  readonly endpoint: EndpointName;
  readonly server: string | null;
  readonly serverId: ServerId | null;
  /** The MCP method that a plain path stands for. */
  readonly method?: string;
}

const MCP: DataRoute = { endpoint: 'mcp', server: null, serverId: null };
const RPC: DataRoute = { endpoint: 'rpc', server: null, serverId: null };
const plain = (method: string): DataRoute => ({
  endpoint: 'plain',
  server: null,
  serverId: null,
  method,
});

/** What the plain form of all notifications stands for: their common beginning. */
export const NOTIFICATIONS = 'notifications';

const PLAIN: ReadonlyMap<string, DataRoute> = new Map([
  ['/protocol/initialize', plain('initialize')],
  ['/protocol/ping', plain('ping')],
  ['/protocol/notifications', plain(NOTIFICATIONS)],
  ['/protocol/completion/complete', plain('completion/complete')],
  ['/initialize', plain('initialize')],
  ['/notifications', plain(NOTIFICATIONS)],
]);
const SERVER = /^\/servers\/([^/]+)\/([a-z]+)$/;

/** The endpoints by the last segment of their path; all but `rpc` are also there below a Server. */
const BY_SEGMENT = new Map<string, EndpointName>([
  ['mcp', 'mcp'],
  ['rpc', 'rpc'],
  ['sse', 'sse'],
  ['message', 'message'],
  ['messages', 'message'],
  ['ws', 'ws'],
]);

/**
 * The endpoint of a path, matched exactly but for one trailing slash and `/v1` (SECURITY.md S02);
 * `undefined` for everything that belongs to the control plane.
 * @param url request target as sent
 * @param rootPath `APP_ROOT_PATH`
 */
export function dataRoute(url: string, rootPath: string): DataRoute | undefined {
  // The two addresses that nearly all calls have.
  if (rootPath === '') {
    if (url === '/mcp') return MCP;
    if (url === '/rpc') return RPC;
  }
  const path = canonicalPath(withoutQuery(url), rootPath);
  const known = BY_SEGMENT.get(path.slice(1));
  if (known !== undefined) return { endpoint: known, server: null, serverId: null };
  const below = SERVER.exec(path);
  if (below === null) return PLAIN.get(path);
  const [, segment = '', last = ''] = below;
  const endpoint = last === 'rpc' ? undefined : BY_SEGMENT.get(last);
  const name = decoded(segment);
  if (endpoint === undefined || name === undefined) return undefined;
  return { endpoint, server: name, serverId: parseUuid<ServerId>(name) ?? null };
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
