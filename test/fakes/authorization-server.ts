import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Options {
  /** Methods of PKCE that the metadata name; none = the member is absent. */
  readonly pkce?: readonly string[];
  readonly issuer?: string;
}

/** An MCP server that asks for a token, and the authorization server that gives it, on one port. */
export interface ProtectedUpstream {
  readonly url: string;
  /** Forms that the token endpoint got. */
  readonly tokenRequests: URLSearchParams[];
  /** Tokens of the requests that were served. */
  readonly served: string[];
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
  const access = new Map<string, string>();
  const refresh = new Map<string, string>();
  const codes = new Map<string, { challenge: string; scope: string }>();
  const tokenRequests: URLSearchParams[] = [];
  const served: string[] = [];
  let origin = '';
  let failing: Parameters<ProtectedUpstream['failTokens']>[0] = null;

  function authorize(query: URLSearchParams, res: ServerResponse): void {
    const code = randomUUID();
    const scope = query.get('scope') ?? '';
    codes.set(code, { challenge: query.get('code_challenge') ?? '', scope });
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    res.writeHead(302, { location: back.href });
    res.end();
  }

  function scopeFor(form: URLSearchParams): string | undefined {
    if (form.get('grant_type') === 'client_credentials') return form.get('scope') ?? '';
    if (form.get('grant_type') === 'refresh_token')
      return refresh.get(form.get('refresh_token') ?? '');
    const code = codes.get(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const hash = createHash('sha256').update(verifier).digest('base64url');
    return code?.challenge === hash ? code.scope : undefined;
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
    const scope = scopeFor(form);
    if (scope === undefined) {
      json(res, 400, { error: 'invalid_grant' });
      return;
    }
    const tokens = { access_token: randomUUID(), refresh_token: randomUUID() };
    access.set(tokens.access_token, scope);
    refresh.set(tokens.refresh_token, scope);
    json(res, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600, scope });
  }

  function mcp(req: IncomingMessage, body: string, res: ServerResponse): void {
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    const token = (req.headers.authorization ?? '').replace('Bearer ', '');
    const scopes = access.get(token)?.split(' ');
    const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    if (scopes === undefined) {
      const challenge = `Bearer scope="read", ${metadata}`;
      json(res, 401, { error: 'invalid_token' }, { 'www-authenticate': challenge });
    } else if (method === 'tools/call' && !scopes.includes('write')) {
      const challenge = `Bearer error="insufficient_scope", scope="write", ${metadata}`;
      json(res, 403, { error: 'insufficient_scope' }, { 'www-authenticate': challenge });
    } else {
      served.push(token);
      if (id === undefined) res.writeHead(202).end();
      else json(res, 200, { jsonrpc: '2.0', id, ...replyTo(method) });
    }
  }

  const server = createServer((req, res) => {
    void text(req).then((body) => {
      const url = new URL(req.url ?? '/', origin);
      const at = `${req.method ?? ''} ${url.pathname}`;
      if (at === 'POST /mcp') mcp(req, body, res);
      else if (at === 'GET /authorize') authorize(url.searchParams, res);
      else if (at === 'POST /token') giveToken(new URLSearchParams(body), res);
      else if (at === 'POST /register')
        json(res, 201, { ...(JSON.parse(body) as object), client_id: randomUUID() });
      else if (at === 'GET /.well-known/oauth-protected-resource/mcp')
        json(res, 200, { resource: `${origin}/mcp`, authorization_servers: [origin] });
      else if (at === 'GET /.well-known/oauth-authorization-server')
        json(res, 200, metadataOf(origin, options));
      else json(res, 404, {});
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `${origin}/mcp`,
    tokenRequests,
    served,
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
        server.closeAllConnections();
        server.close(() => {
          closed();
        });
      }),
  };
}

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

function replyTo(method: string): object {
  switch (method) {
    case 'initialize': {
      const serverInfo = { name: 'protected', version: '1' };
      const capabilities = { tools: {} };
      return { result: { protocolVersion: '2025-11-25', serverInfo, capabilities } };
    }
    case 'tools/list':
      return { result: { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] } };
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: 'served' }] } };
    case 'ping':
      return { result: {} };
    default:
      return { error: { code: -32601, message: 'Method not found' } };
  }
}
