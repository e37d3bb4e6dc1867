import type { IncomingMessage } from 'node:http';

/** The request headers that the edge looks at, each as it came; `undefined` when absent. */
export interface Head {
  host: string | undefined;
  origin: string | undefined;
  authorization: string | undefined;
  contentType: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  contentEncoding: string | undefined;
  accept: string | undefined;
  sessionId: string | undefined;
  protocolVersion: string | undefined;
  secFetchSite: string | undefined;
  requestId: string | undefined;
  upgrade: string | undefined;
  /** Names of those of these headers that came twice: two readers could believe different ones. */
  doubled: string[];
  count: number;
}

const FIELDS = {
  host: 'host',
  origin: 'origin',
  authorization: 'authorization',
  'content-type': 'contentType',
  'content-length': 'contentLength',
  'transfer-encoding': 'transferEncoding',
  'content-encoding': 'contentEncoding',
  accept: 'accept',
  'mcp-session-id': 'sessionId',
  'mcp-protocol-version': 'protocolVersion',
  'sec-fetch-site': 'secFetchSite',
  'x-request-id': 'requestId',
  upgrade: 'upgrade',
} as const satisfies Record<string, Exclude<keyof Head, 'doubled' | 'count'>>;

const BY_NAME = new Map<string, (typeof FIELDS)[keyof typeof FIELDS]>(Object.entries(FIELDS));

/**
 * Reads the head once, from the headers as sent: `req.headers` keeps the first of two `Host`s without
 * a word (SECURITY.md F16).
 */
export function readHead(req: IncomingMessage): Head {
  const head: Head = {
    host: undefined,
    origin: undefined,
    authorization: undefined,
    contentType: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    contentEncoding: undefined,
    accept: undefined,
    sessionId: undefined,
    protocolVersion: undefined,
    secFetchSite: undefined,
    requestId: undefined,
    upgrade: undefined,
    doubled: [],
    count: req.rawHeaders.length / 2,
  };
  const raw = req.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const field = BY_NAME.get(name);
    if (field === undefined) continue;
    if (head[field] === undefined) head[field] = raw[i + 1];
    // A list header may come in parts (RFC 9110 §5.3); of the others only one can be meant.
    else if (field === 'accept') head.accept = `${head.accept ?? ''},${raw[i + 1] ?? ''}`;
    else head.doubled.push(name);
  }
  return head;
}
