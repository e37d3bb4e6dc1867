import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';

interface Options {
  /** Methods of PKCE that the metadata name; none = the member is absent. */
  readonly pkce?: readonly string[];
  readonly issuer?: string;
  /** A stream of HTTP+SSE takes POSTs with the token that it was opened with, and no other. */
  readonly bindsStreams?: boolean;
  /** It keeps sessions, with GET streams, and tells of changes of `note://one`. */
  readonly keepsSessions?: boolean;
  /** It speaks 2026-07-28 only. */
  readonly isModern?: boolean;
}

/** One request that was served, with the person whose token it carried: `login_hint` of the login. */
export interface Served {
  readonly method: string;
  readonly person: string;
  /** Argument `me` of a tool call: who the caller says it is. */
  readonly me: string | undefined;
  /** The person who opened its session. */
  readonly sessionOf: string | undefined;
}

/** An MCP server that asks for a token, and the authorization server that gives it, on one port. */
export interface ProtectedUpstream {
  readonly url: string;
  /** The same server over other transports. */
  readonly urls: { readonly sse: string; readonly ws: string };
  /** How often a stream or socket was opened with a token that is good. */
  readonly opened: string[];
  /** Ends what is open. */
  hangUp(): void;
  /** Forms that the token endpoint got. */
  readonly tokenRequests: URLSearchParams[];
  /** Tokens of the requests that were served. */
  readonly served: string[];
  readonly requests: Served[];
  /** Methods of HTTP requests to the MCP endpoint that came without a token. */
  readonly strangers: string[];
  /** Sessions that have subscribed and listen. */
  readonly listening: number;
  /** Tells all who have subscribed to `note://one`. */
  touch(): void;
  /** How the token endpoint fails from now on: a status, or without an answer; `null` = not at all. */
  failTokens(how: { status: number; body?: object } | 'hang up' | null): void;
  /** No access token is good any more; refresh tokens are. */
  expire(): void;
  /** Nothing that was given is good any more. */
  revoke(): void;
  close(): Promise<void>;
}

const json = (res: ServerResponse, status: number, body: unknown, headers = {}): void => {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
};

/** `read` lists the tools, calling one takes `write` besides. */
export async function startProtectedUpstream(options: Options = {}): Promise<ProtectedUpstream> {
  const access = new Map<string, Grant>();
  const refresh = new Map<string, Grant>();
  const codes = new Map<string, Grant & { challenge: string }>();
  const requests: Served[] = [];
  const sessions = new Map<string, Session>();
  const tokenRequests: URLSearchParams[] = [];
  const served: string[] = [];
  const opened: string[] = [];
  const strangers: string[] = [];
  const streams: { res: ServerResponse; token: string }[] = [];
  const sockets: WebSocket[] = [];
  let origin = '';
  let failing: Parameters<ProtectedUpstream['failTokens']>[0] = null;

  function authorize(query: URLSearchParams, res: ServerResponse): void {
    const code = randomUUID();
    const scope = query.get('scope') ?? '';
    const person = query.get('login_hint') ?? '';
    codes.set(code, { challenge: query.get('code_challenge') ?? '', scope, person });
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    res.writeHead(302, { location: back.href });
    res.end();
  }

  function grantFor(form: URLSearchParams): Grant | undefined {
    if (form.get('grant_type') === 'client_credentials')
      return { scope: form.get('scope') ?? '', person: '' };
    if (form.get('grant_type') === 'refresh_token') {
      const given = form.get('refresh_token') ?? '';
      const grant = refresh.get(given);
      refresh.delete(given);
      return grant;
    }
    const code = codes.get(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const hash = createHash('sha256').update(verifier).digest('base64url');
    return code?.challenge === hash ? code : undefined;
  }

  function giveToken(form: URLSearchParams, res: ServerResponse): void {
    tokenRequests.push(form);
    if (failing === 'hang up') {
      res.destroy();
      return;
    }
    if (failing !== null) {
      json(res, failing.status, failing.body ?? {});
      return;
    }
    const grant = grantFor(form);
    if (grant === undefined) {
      json(res, 400, { error: 'invalid_grant' });
      return;
    }
    const tokens = { access_token: randomUUID(), refresh_token: randomUUID() };
    access.set(tokens.access_token, grant);
    refresh.set(tokens.refresh_token, grant);
    const { scope } = grant;
    json(res, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600, scope });
  }

  /** What keeps a request out, with its challenge. */
  function refusalOf(req: IncomingMessage, method: string, name: string): Refusal | null {
    const scopes = access.get(tokenOf(req))?.scope.split(' ');
    const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource/${name}"`;
    if (scopes === undefined)
      return { status: 401, challenge: `Bearer scope="read", ${metadata}`, error: 'invalid_token' };
    if (method !== 'tools/call' || scopes.includes('write')) return null;
    const challenge = `Bearer error="insufficient_scope", scope="write", ${metadata}`;
    return { status: 403, challenge, error: 'insufficient_scope' };
  }

  const personOf = (token: string): string => access.get(token)?.person ?? '';

  const refuse = (res: ServerResponse, { status, challenge, error }: Refusal): void => {
    json(res, status, { error }, { 'www-authenticate': challenge });
  };

  function mcp(req: IncomingMessage, body: string, res: ServerResponse): void {
    const { id, method, params } = JSON.parse(body) as Asked;
    const refusal = refusalOf(req, method, 'mcp');
    if (refusal !== null) {
      refuse(res, refusal);
      return;
    }
    served.push(tokenOf(req));
    const person = personOf(tokenOf(req));
    const session = sessions.get(String(req.headers['mcp-session-id']));
    requests.push({ method, person, me: params?.arguments?.me, sessionOf: session?.person });
    if (method === 'resources/subscribe') session?.subscribed.push(String(params?.uri));
    if (id === undefined) res.writeHead(202).end();
    else
      json(
        res,
        200,
        { jsonrpc: '2.0', id, ...replyTo(method, options, person) },
        begun(method, person),
      );
  }

  function begun(method: string, person: string): Record<string, string> {
    if (options.keepsSessions !== true || method !== 'initialize') return {};
    const id = randomUUID();
    sessions.set(id, { person, subscribed: [], stream: null });
    return { 'mcp-session-id': id };
  }

  function listen(req: IncomingMessage, res: ServerResponse): void {
    const session = sessions.get(String(req.headers['mcp-session-id']));
    const isOwn = session?.person === access.get(tokenOf(req))?.person;
    if (session === undefined || !isOwn) {
      json(res, session === undefined ? 405 : 401, {});
      return;
    }
    session.stream = res;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
  }

  function touch(): void {
    const params = { uri: 'note://one' };
    const notice = { jsonrpc: '2.0', method: 'notifications/resources/updated', params };
    for (const { subscribed, stream } of sessions.values())
      if (subscribed.includes(params.uri)) stream?.write(`data: ${JSON.stringify(notice)}\n\n`);
  }

  function openStream(req: IncomingMessage, res: ServerResponse): void {
    const refusal = refusalOf(req, '', 'sse');
    if (refusal !== null) {
      refuse(res, refusal);
      return;
    }
    opened.push(tokenOf(req));
    streams.push({ res, token: tokenOf(req) });
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(`event: endpoint\ndata: /message?stream=${String(streams.length - 1)}\n\n`);
  }

  function message(req: IncomingMessage, body: string, res: ServerResponse, at: number): void {
    const { id, method, params } = JSON.parse(body) as Asked;
    const stream = streams[at];
    const isForeign = options.bindsStreams === true && stream?.token !== tokenOf(req);
    const refusal = refusalOf(req, method, 'sse');
    if (refusal !== null || isForeign) {
      refuse(res, refusal ?? { status: 401, challenge: 'Bearer', error: 'invalid_token' });
      return;
    }
    served.push(tokenOf(req));
    const sessionOf = personOf(stream?.token ?? '');
    const person = personOf(tokenOf(req));
    requests.push({ method, person, me: params?.arguments?.me, sessionOf });
    res.writeHead(202).end();
    if (id === undefined) return;
    stream?.res.write(
      `data: ${JSON.stringify({ jsonrpc: '2.0', id, ...replyTo(method, options) })}\n\n`,
    );
  }

  function openSocket(socket: WebSocket, token: string): void {
    opened.push(token);
    sockets.push(socket);
    socket.on('message', (data: Buffer) => {
      const { id, method, params } = JSON.parse(data.toString()) as Asked;
      const person = personOf(token);
      served.push(token);
      requests.push({ method, person, me: params?.arguments?.me, sessionOf: person });
      if (id !== undefined)
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...replyTo(method, options) }));
    });
  }

  const server = createServer((req, res) => {
    void text(req).then((body) => {
      const url = new URL(req.url ?? '/', origin);
      const at = `${req.method ?? ''} ${url.pathname}`;
      const [, resource] = /^GET \/\.well-known\/oauth-protected-resource\/(\w+)$/.exec(at) ?? [];
      if (url.pathname === '/mcp' && tokenOf(req) === '') strangers.push(String(req.method));
      if (at === 'POST /mcp') mcp(req, body, res);
      else if (at === 'GET /mcp') listen(req, res);
      else if (at === 'DELETE /mcp') json(res, 405, {});
      else if (at === 'GET /sse') openStream(req, res);
      else if (at === 'POST /message')
        message(req, body, res, Number(url.searchParams.get('stream')));
      else if (at === 'GET /authorize') authorize(url.searchParams, res);
      else if (at === 'POST /token') giveToken(new URLSearchParams(body), res);
      else if (at === 'POST /register')
        json(res, 201, { ...(JSON.parse(body) as object), client_id: randomUUID() });
      else if (resource !== undefined)
        json(res, 200, { resource: `${origin}/${resource}`, authorization_servers: [origin] });
      else if (at === 'GET /.well-known/oauth-authorization-server')
        json(res, 200, metadataOf(origin, options));
      else json(res, 404, {});
    });
  });
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => 'mcp' });
  server.on('upgrade', (req, socket, head) => {
    const refusal = refusalOf(req, '', 'ws');
    if (refusal === null)
      upgrades.handleUpgrade(req, socket, head, (ws) => {
        openSocket(ws, tokenOf(req));
      });
    else
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\nwww-authenticate: ${refusal.challenge}\r\nconnection: close\r\n\r\n`,
      );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `${origin}/mcp`,
    urls: { sse: `${origin}/sse`, ws: `${origin.replace('http', 'ws')}/ws` },
    opened,
    strangers,
    hangUp: () => {
      for (const { stream } of sessions.values()) stream?.destroy();
      for (const { res } of streams) res.destroy();
      for (const socket of sockets) socket.terminate();
    },
    tokenRequests,
    served,
    requests,
    get listening() {
      return [...sessions.values()].filter(({ stream, subscribed }) => stream && subscribed[0])
        .length;
    },
    touch,
    failTokens: (how) => {
      failing = how;
    },
    expire: () => {
      access.clear();
    },
    revoke: () => {
      access.clear();
      refresh.clear();
    },
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.terminate();
        server.closeAllConnections();
        server.close(() => {
          closed();
        });
      }),
  };
}

interface Asked {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly arguments?: { readonly me?: string }; readonly uri?: string };
}

/** What a token is for. */
interface Grant {
  readonly scope: string;
  readonly person: string;
}

interface Session {
  readonly person: string;
  readonly subscribed: string[];
  stream: ServerResponse | null;
}

interface Refusal {
  readonly status: number;
  readonly challenge: string;
  readonly error: string;
}

const tokenOf = (req: IncomingMessage): string =>
  (req.headers.authorization ?? '').replace('Bearer ', '');

function metadataOf(origin: string, { pkce, issuer }: Options): object {
  return {
    issuer: issuer ?? origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
    code_challenge_methods_supported: pkce ?? ['S256'],
  };
}

const NOTE = { uri: 'note://one', name: 'note' };

function replyTo(
  method: string,
  { isModern = false, keepsSessions = false }: Options,
  person = '',
): object {
  const capabilities = { tools: {}, ...(keepsSessions ? { resources: { subscribe: true } } : {}) };
  const result =
    method === 'resources/read' ? noteOf(person) : resultOf(method, capabilities, isModern);
  if (result === undefined) return { error: { code: -32601, message: 'Method not found' } };
  return { result: isModern ? { resultType: 'complete', ...result } : result };
}

/** Each person reads its own, and may keep it. */
function noteOf(person: string): object {
  const contents = [{ uri: NOTE.uri, text: `note of ${person}` }];
  return { contents, ttlMs: 60_000, cacheScope: 'private' };
}

function resultOf(method: string, capabilities: object, isModern: boolean): object | undefined {
  switch (method) {
    case 'server/discover':
      return isModern ? { supportedVersions: ['2026-07-28'], capabilities } : undefined;
    case 'initialize': {
      if (isModern) return undefined;
      const serverInfo = { name: 'protected', version: '1' };
      return { protocolVersion: '2025-11-25', serverInfo, capabilities };
    }
    case 'tools/list':
      return { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
    case 'tools/call':
      return { content: [{ type: 'text', text: 'served' }] };
    case 'resources/list':
      return { resources: [NOTE] };
    case 'resources/templates/list':
      return { resourceTemplates: [] };
    case 'ping':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return {};
    default:
      return undefined;
  }
}
