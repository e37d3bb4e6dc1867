import { request } from 'node:http';
import { type GatewayProcess, startGateway } from '../drive/gateway-process.cjs';
import { aWorld, type World } from '../drive/world.js';

const CALL =
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"kit-ok","arguments":{"nonce":"simple"}}}';

interface Sent {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** SECURITY.md S01 and S03 over real sockets: `fetch` would not send such heads. */
describe('the edges of both planes', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok'] } });
  });
  afterAll(() => world.end());

  function send(
    method: string,
    path: string,
    headers: Record<string, string | readonly string[]>,
    body = '',
  ): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(world.url);
      const sent = request({ hostname, port, method, path, agent: false }, (answer) => {
        answer.resume().on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
        });
      });
      sent.on('error', reject);
      for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
      sent.end(body);
    });
  }
  const json = () => ({
    authorization: `Bearer ${world.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  });
  /** The same fault on data plane, control plane and a public route. */
  const everywhere = async (more: Record<string, string>) => [
    (await send('POST', '/rpc', { ...json(), ...more }, CALL)).status,
    (await send('POST', '/mcp', { ...json(), ...more }, CALL)).status,
    (await send('GET', '/tools', { ...json(), ...more })).status,
    (await send('GET', '/health', more)).status,
  ];

  it('reads the rest of a small refused body, and hangs up on a large one', async () => {
    const headers = { 'content-type': 'application/json', accept: json().accept };
    const small = await fetch(`${world.url}/mcp`, { method: 'POST', headers, body: CALL });
    expect([small.status, small.headers.get('connection')]).toEqual([401, 'keep-alive']);
    await small.text();
    const large = await new Promise<Sent>((resolve, reject) => {
      const { hostname, port } = new URL(world.url);
      const head = { ...headers, 'content-length': '3000000' };
      const to = { hostname, port, method: 'POST', path: '/mcp', headers: head };
      const sent = request(to, (answer) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(large).toMatchObject({ status: 401, headers: { connection: 'close' } });
  });

  it.each(['evil.test', 'localhost.evil.test', '127.0.0.1.nip.io'])(
    'refuses the Host %s',
    async (host) => {
      expect(await everywhere({ host })).toEqual([421, 421, 421, 421]);
    },
  );

  it.each(['http://evil.test', 'null', 'http://localhost.evil', 'http://localhost:1'])(
    'refuses the Origin %s',
    async (origin) => {
      expect(await everywhere({ origin })).toEqual([403, 403, 403, 403]);
    },
  );

  it('accepts its own name, an address and an allowed Origin', async () => {
    const { port } = new URL(world.url);
    for (const more of [
      { host: `localhost:${port}` },
      { host: '192.0.2.1' },
      { origin: 'http://localhost:4444' },
      { origin: world.url },
    ])
      expect((await send('POST', '/rpc', { ...json(), ...more }, CALL)).status).toBe(200);
  });

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    [''],
    ['application/json, text/plain'],
    ['application/json;x='],
    ['application/json; charset=latin1'],
  ])('runs nothing for the media type %j', async (type) => {
    const before = world.upstream.journal.times('simple');
    const { 'content-type': _, ...rest } = json();
    const headers = type === '' ? rest : { ...rest, 'content-type': type };
    for (const path of ['/rpc', '/mcp', '/servers', '/gateways'])
      expect([path, (await send('POST', path, headers, CALL)).status]).toEqual([path, 415]);
    expect(world.upstream.journal.times('simple')).toBe(before);
  });

  it('accepts a charset, and refuses an Accept that fits nothing', async () => {
    const type = 'application/json; charset=utf-8';
    const fine = await send('POST', '/rpc', { ...json(), 'content-type': type }, CALL);
    expect(fine.status).toBe(200);
    const page = await send('POST', '/rpc', { ...json(), accept: 'text/html' }, CALL);
    expect(page.status).toBe(406);
  });

  it('answers a preflight only for allowed Origins', async () => {
    const ask = (origin: string) =>
      send('OPTIONS', '/mcp', {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, mcp-session-id',
      });
    const foreign = await ask('http://evil.test');
    expect(foreign.status).toBe(403);
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const known = await ask('http://localhost:4444');
    expect(known.status).toBeLessThan(300);
    expect(known.headers['access-control-allow-origin']).toBe('http://localhost:4444');
  });

  it('refuses a body over the limit, and 405 names what is allowed', async () => {
    const big = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${'x'.repeat(5_000_000)}"}}`;
    expect((await send('POST', '/rpc', json(), big).catch(() => ({ status: 413 }))).status).toBe(
      413,
    );
    const get = await send('GET', '/rpc', json());
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
  });

  it('sends its security headers on both planes', async () => {
    for (const [method, path] of [
      ['GET', '/tools'],
      ['POST', '/rpc'],
    ] as const) {
      const { headers } = await send(method, path, json(), method === 'POST' ? CALL : '');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toContain('no-store');
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });
});

describe('a refusal at the edge under a root path', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({ env: { APP_ROOT_PATH: '/gw' } });
  });
  afterAll(() => gateway.dispose());

  it.each(['/gw/gateways/x', '/gw/v1/gateways/x', '/gateways/x'])(
    'repeats its text as message at %s',
    async (path) => {
      const address = new URL(path, gateway.url);
      const refused = await fetch(address, { headers: { origin: 'http://evil.test' } });
      const body = (await refused.json()) as Record<string, unknown>;
      expect(body).toMatchObject({ code: 'origin_forbidden', instance: path });
      expect(body['message']).toBe(body['detail']);
    },
  );
});
