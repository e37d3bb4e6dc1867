import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { restClient, type Rest } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { type ProtectedUpstream, startProtectedUpstream } from '../fakes/authorization-server.js';

/** The gateway logs in to upstreams as a client of their authorization servers. */
describe('an upstream with a login', () => {
  let gateway: GatewayProcess;
  let rest: Rest;
  let upstream: ProtectedUpstream;
  let names = 0;

  beforeAll(async () => {
    gateway = await startGateway();
    rest = restClient(gateway.url, token());
  });
  beforeEach(async () => {
    upstream = await startProtectedUpstream();
  });
  afterEach(() => upstream.close());
  afterAll(() => gateway.dispose());

  async function register(oauthConfig?: object, at: object = {}): Promise<string> {
    const name = `up${String(++names)}`;
    const auth = { authType: 'oauth', ...(oauthConfig === undefined ? {} : { oauthConfig }) };
    const made = await rest('POST', '/gateways', {
      ...{ name, url: upstream.url },
      ...auth,
      ...at,
    });
    expect([made.status, made.text]).toEqual([200, expect.any(String)]);
    return name;
  }

  const view = async (name: string) => (await rest('GET', `/gateways/${name}`)).json();

  /** As a person does in a browser; stops before the answer is handed in. */
  async function authorize(
    name: string,
    headers: Record<string, string> = {},
  ): Promise<{ callback: URL; cookie: string }> {
    const begun = await rest('POST', `/gateways/${name}/oauth/login`, undefined, headers);
    expect([begun.status, begun.text]).toEqual([200, expect.any(String)]);
    const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { authorizationUrl } = begun.json() as { authorizationUrl: string };
    const sentBack = await fetch(authorizationUrl, { redirect: 'manual' });
    return { callback: new URL(sentBack.headers.get('location') ?? ''), cookie };
  }

  const handIn = (callback: URL, headers: Record<string, string>) => fetch(callback, { headers });

  async function logIn(name: string): Promise<void> {
    const { callback, cookie } = await authorize(name);
    expect((await handIn(callback, { cookie })).status).toBe(200);
  }

  async function call(name: string): Promise<string> {
    const client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize();
    return (await client.call(`${name}-echo`)).raw;
  }

  it('is stored until somebody has logged in, then read with the token', async () => {
    const name = await register();
    expect(await view(name)).toMatchObject({ needsLogin: true, toolCount: 0, authType: 'oauth' });
    await logIn(name);
    expect(await view(name)).toMatchObject({ needsLogin: false, toolCount: 1, loginUrl: null });
    expect(upstream.served.length).toBeGreaterThan(0);
    expect(upstream.tokenRequests[0]?.get('resource')).toBe(upstream.url);
  });

  it('asks for another login when a call takes a wider scope, for all scopes together', async () => {
    const name = await register();
    await logIn(name);
    expect(await call(name)).toContain('asks for a login');
    expect(await view(name)).toMatchObject({ needsLogin: true });
    const { callback, cookie } = await authorize(name);
    await handIn(callback, { cookie });
    expect(await call(name)).toContain('served');
    expect(await view(name)).toMatchObject({ needsLogin: false });
  });

  it('is called with a renewed token when the old one has ended, renewed once for all', async () => {
    const name = await register({ grantType: 'authorization_code', scopes: ['read', 'write'] });
    await logIn(name);
    expect(await call(name)).toContain('served');
    upstream.expire();
    const before = upstream.tokenRequests.length;
    const answers = await Promise.all([call(name), call(name), call(name)]);
    for (const answer of answers) expect(answer).toContain('served');
    const grants = upstream.tokenRequests.slice(before).map((form) => form.get('grant_type'));
    expect(grants).toEqual(['refresh_token']);
  });

  it.each([
    ['answers 503', { status: 503 }],
    ['answers 429, whatever it names', { status: 429, body: { error: 'invalid_grant' } }],
    ['answers with a page of somebody else', { status: 403 }],
    ['is temporarily unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }],
    ['hangs up', 'hang up'],
  ] as const)('keeps its tokens while its authorization server %s', async (_what, how) => {
    const name = await register({ grantType: 'authorization_code', scopes: ['read', 'write'] });
    await logIn(name);
    upstream.expire();
    upstream.failTokens(how);
    expect(await call(name)).toContain('could not be renewed, try again later');
    expect(await view(name)).toMatchObject({ needsLogin: false });
    upstream.failTokens(null);
    expect(await call(name)).toContain('served');
  });

  it('needs a login again when nothing that was given is good any more', async () => {
    const name = await register({ grantType: 'authorization_code', scopes: ['read', 'write'] });
    await logIn(name);
    upstream.revoke();
    expect(await call(name)).toContain('asks for a login');
    expect(await view(name)).toMatchObject({ needsLogin: true });
    await logIn(name);
    expect(await call(name)).toContain('served');
  });

  it('begins another login each time, whatever key a client sends along', async () => {
    const name = await register();
    const key = { 'idempotency-key': 'again' };
    const first = await authorize(name, key);
    const second = await authorize(name, key);
    expect([first.cookie, second.cookie]).toEqual([
      expect.stringContaining('='),
      expect.any(String),
    ]);
    expect(second.cookie).not.toBe(first.cookie);
    for (const { callback, cookie } of [first, second])
      expect((await handIn(callback, { cookie })).status).toBe(200);
  });

  it('takes no answer once the gateway stands for another server', async () => {
    const name = await register();
    const { callback, cookie } = await authorize(name);
    const other = await startProtectedUpstream();
    const moved = await rest('PUT', `/gateways/${name}`, {
      url: other.url,
      authType: 'oauth',
      oauthConfig: {},
    });
    expect([moved.status, moved.text]).toEqual([200, expect.any(String)]);
    const refused = await handIn(callback, { cookie });
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining('begin it again'),
    ]);
    expect(upstream.tokenRequests).toEqual([]);
    expect(other.served).toEqual([]);
    await other.close();
  });

  it('takes the answer from the browser or the credential that began, and once', async () => {
    const name = await register();
    const { callback, cookie } = await authorize(name);
    const foreign = { authorization: `Bearer ${token('mallory')}` };
    for (const headers of [{}, { cookie: 'mcpgateway-login=other' }, foreign]) {
      const refused = await handIn(callback, headers);
      expect([refused.status, await refused.text()]).toEqual([
        403,
        expect.stringContaining('elsewhere'),
      ]);
    }
    expect(upstream.tokenRequests).toEqual([]);
    expect((await handIn(callback, { authorization: `Bearer ${token()}` })).status).toBe(200);
    expect((await handIn(callback, { cookie })).status).toBe(400);
    callback.searchParams.set('state', 'made-up');
    expect((await handIn(callback, { cookie })).status).toBe(400);
  });

  it('refuses an answer that names another issuer, without showing it the code', async () => {
    const name = await register();
    const { callback, cookie } = await authorize(name);
    callback.searchParams.set('iss', 'https://evil.example.com');
    expect((await handIn(callback, { cookie })).status).toBe(502);
    expect(upstream.tokenRequests).toEqual([]);
    expect(await view(name)).toMatchObject({ needsLogin: true });
  });

  it.each([
    ['does not know PKCE', { pkce: [] }, 'PKCE'],
    ['says that it is another', { issuer: 'https://attacker.example.com' }, 'Issuer mismatch'],
  ])('is not logged in to when its authorization server %s', async (_what, options, word) => {
    await upstream.close();
    upstream = await startProtectedUpstream(options);
    const name = await register();
    const begun = await rest('POST', `/gateways/${name}/oauth/login`);
    expect(begun.status).toBe(502);
    expect(begun.text).toContain(word);
  });

  it('is called with a token of the gateway itself where the grant is client_credentials', async () => {
    const oauthConfig = { grantType: 'client_credentials', clientId: 'gw', clientSecret: 'deep' };
    const name = await register({ ...oauthConfig, scopes: ['read', 'write'] });
    expect(await call(name)).toContain('served');
    const [form] = upstream.tokenRequests;
    expect([form?.get('client_id'), form?.get('scope')]).toEqual(['gw', 'read write']);
    expect((await view(name)).oauthConfig).toMatchObject({ clientId: 'gw', clientSecret: '*****' });
    expect((await rest('POST', `/gateways/${name}/oauth/login`)).status).toBe(400);
    upstream.expire();
    expect(await call(name)).toContain('served');
  });

  describe.each(['SSE', 'WEBSOCKET'] as const)('over %s', (transport) => {
    const oauthConfig = { grantType: 'authorization_code', scopes: ['read', 'write'] };
    const at = () => ({
      transport,
      url: transport === 'SSE' ? upstream.urls.sse : upstream.urls.ws,
    });

    it('is logged in to, and opened again with a renewed token', async () => {
      const name = await register(oauthConfig, at());
      expect(await view(name)).toMatchObject({ needsLogin: true, toolCount: 0 });
      await logIn(name);
      expect(await view(name)).toMatchObject({ needsLogin: false, toolCount: 1 });
      expect(await call(name)).toContain('served');
      const before = upstream.tokenRequests.length;
      upstream.expire();
      upstream.hangUp();
      await eventually('it is called again', async () => (await call(name)).includes('served'));
      const grants = upstream.tokenRequests.slice(before).map((form) => form.get('grant_type'));
      expect(grants).toEqual(['refresh_token']);
    });
  });

  it.each([
    ['goes on with a renewed token', false],
    ['is opened again where it takes no other token', true],
  ])('over HTTP+SSE, refused a POST, %s', async (_what, bindsStreams) => {
    await upstream.close();
    upstream = await startProtectedUpstream({ bindsStreams });
    const oauthConfig = { grantType: 'authorization_code', scopes: ['read', 'write'] };
    const name = await register(oauthConfig, { transport: 'SSE', url: upstream.urls.sse });
    await logIn(name);
    expect(await call(name)).toContain('served');
    const streams = upstream.opened.length;
    upstream.expire();
    expect(await call(name)).toContain('served');
    expect(upstream.opened.length).toBe(streams + (bindsStreams ? 1 : 0));
    expect(await view(name)).toMatchObject({ needsLogin: false });
  });

  it('is told who the gateway is by a public document', async () => {
    const answer = await fetch(`${gateway.url}/oauth/client-metadata.json`);
    expect(await answer.json()).toMatchObject({
      redirect_uris: [`${gateway.url}/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    });
  });
});
