import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { LookupAddress } from 'node:dns';
import { Pool } from 'undici';
import { loadConfig } from '../../config/load-config.js';
import type { Config } from '../../config/config.js';
import { createLogger } from '../log/log.js';
import { EgressPolicy } from './egress-policy.js';
import { guardedConnector } from './guarded-connector.js';
import { SafeClient } from './safe-client.js';

const STRONG = 'k7Qm2ZrV9xLw4TyB8nHs6JdF1pGc3EaU';
const development = loadConfig({}, { cwd: __dirname });
const production = loadConfig(
  { ENVIRONMENT: 'production', JWT_SECRET_KEY: STRONG, AUTH_ENCRYPTION_SECRET: STRONG },
  { cwd: __dirname },
);

let server: Server;
let connections: number;
let logged: string[];
const ends: (() => Promise<unknown>)[] = [];

async function serve(listener: RequestListener): Promise<URL> {
  connections = 0;
  const own = createServer(listener).on('connection', () => (connections += 1));
  server = own;
  await new Promise<void>((done) => own.listen(0, '127.0.0.1', done));
  ends.push(() => {
    own.closeAllConnections();
    return new Promise((done) => own.close(done));
  });
  return new URL(`http://127.0.0.1:${String((own.address() as AddressInfo).port)}/`);
}

function clientOf(config: Config): SafeClient {
  logged = [];
  const log = createLogger(config, { write: (line) => void logged.push(line) });
  const client = new SafeClient(config, new EgressPolicy(config), log);
  ends.unshift(() => client.close());
  return client;
}

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const get = (client: SafeClient, url: URL, more = {}) =>
  client.request({ url, method: 'GET', timeoutMs: 2000, maxBytes: 1000, ...more });

describe('request', () => {
  it('reads an answer whole and notes local targets once', async () => {
    const url = await serve((req, res) => {
      res.setHeader('x-seen', req.headers['accept-encoding'] ?? '');
      res.setHeader('x-two', ['a', 'b']);
      res.end(`${req.method ?? ''} ${req.url ?? ''}`);
    });
    const client = clientOf(development);
    const reply = await get(client, new URL('/a?b=c', url));
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'x-seen': 'identity', 'x-two': 'a, b' },
    });
    expect(reply.body.toString()).toBe('GET /a?b=c');
    await get(client, url);
    expect(logged.filter((line) => line.includes('egress.local'))).toHaveLength(1);
  });

  it('never follows a redirect', async () => {
    const url = await serve((_, res) => res.writeHead(307, { location: '/other' }).end());
    expect(await get(clientOf(development), url)).toMatchObject({ status: 307 });
  });

  it('refuses a body over the limit, announced or not', async () => {
    const announced = await serve((_, res) => res.end('x'.repeat(1001)));
    const client = clientOf(development);
    const fault = {
      code: 'upstream_error',
      message: expect.stringContaining('larger than 1000 bytes') as string,
    };
    await expect(get(client, announced)).rejects.toMatchObject(fault);
    const endless = await serve((_, res) => {
      const more = (): void => {
        while (res.write('x'.repeat(600)) && !res.destroyed);
      };
      res.on('drain', more);
      more();
    });
    await expect(get(client, endless)).rejects.toMatchObject(fault);
  });

  it('refuses a compressed body nobody asked for', async () => {
    const url = await serve((_, res) =>
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x')),
    );
    await expect(get(clientOf(development), url)).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('has one time limit for everything', async () => {
    const url = await serve((_, res) => res.writeHead(200).write('a'));
    await expect(get(clientOf(development), url, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'upstream_timeout',
    });
  });

  it('says when nobody listens', async () => {
    const url = await serve(() => undefined);
    await new Promise((done) => server.close(done));
    await expect(get(clientOf(development), url)).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });
});

describe('egress', () => {
  it('opens no connection to a literal that is not allowed', async () => {
    const url = await serve((_, res) => res.end());
    const client = clientOf(production);
    expect(() => client.lease(url)).toThrow('is not allowed');
    for (const host of ['localhost', '[::ffff:127.0.0.1]']) {
      const target = new URL(`http://${host}:${url.port}/`);
      await expect(async () => get(client, target)).rejects.toMatchObject({
        code: 'egress_blocked',
      });
    }
    expect(connections).toBe(0);
  });

  const resolving = (config: Config, answers: LookupAddress[][], origin: string): Pool => {
    const connect = guardedConnector({
      policy: new EgressPolicy(config),
      resolve: (_, done) => {
        done(null, answers.shift() ?? []);
      },
      timeoutMs: 2000,
      skipSslVerify: false,
      onConnected: () => undefined,
    });
    const pool = new Pool(origin, { connect });
    ends.unshift(() => pool.destroy());
    return pool;
  };
  const loopback = { address: '127.0.0.1', family: 4 };
  const outside = { address: '192.0.2.1', family: 4 };

  it.each([
    ['an inner address', [[loopback]]],
    ['a mixed answer', [[{ address: '8.8.8.8', family: 4 }, loopback]]],
    ['a mapped address', [[{ address: '::ffff:127.0.0.1', family: 6 }]]],
  ])('connects nowhere when a name resolves to %s', async (_, answers) => {
    const { port } = await serve((__, res) => res.end());
    const pool = resolving(production, answers, `http://inner.test:${port}`);
    const request = pool.request({ path: '/', method: 'GET' });
    await expect(request).rejects.toMatchObject({ code: 'egress_blocked' });
    expect(connections).toBe(0);
  });

  it('connects to the address that was checked, asking only once', async () => {
    const { port } = await serve((_, res) => res.end('ok'));
    const pool = resolving(development, [[loopback], [outside]], `http://inner.test:${port}`);
    const reply = await pool.request({ path: '/', method: 'GET' });
    expect(await reply.body.text()).toBe('ok');
  });

  it('fails like any unknown name when nothing resolves', async () => {
    const pool = resolving(development, [[]], 'http://nowhere.test');
    await expect(pool.request({ path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });
});

describe('leases', () => {
  it('share one pool per origin and options', () => {
    const client = clientOf(development);
    const url = new URL('http://127.0.0.1:9/');
    const first = client.lease(url);
    expect(client.lease(new URL('/other', url)).pool).toBe(first.pool);
    expect(client.lease(url, { connections: 1 }).pool).not.toBe(first.pool);
  });

  it('end the sockets when the last of them is over', async () => {
    const url = await serve((_req, res) => res.end('ok'));
    const closed = new Promise((done) =>
      server.on('connection', (socket) => socket.on('close', done)),
    );
    const client = clientOf(development);
    const [first, second] = [client.lease(url), client.lease(url)];
    await (await first.pool.request({ path: '/', method: 'GET' })).body.text();
    first.end();
    first.end();
    expect(first.pool.closed).toBe(false);
    second.end();
    expect(first.pool.closed).toBe(true);
    await closed;
    expect(client.lease(url).pool).not.toBe(first.pool);
  });

  it('let what is under way end, and go on to be of use to it', async () => {
    let answer: (() => void) | undefined;
    const url = await serve((req, res) => {
      if (req.url === '/slow') answer = () => res.end('slow');
      else res.end('aside');
    });
    const client = clientOf(development);
    const lease = client.lease(url);
    const slow = lease.pool.request({ path: '/slow', method: 'GET' });
    const text = async (path: string) =>
      (await lease.pool.request({ path, method: 'GET' })).body.text();
    expect(await text('/')).toBe('aside');
    lease.end();
    expect(await text('/')).toBe('aside');
    answer?.();
    expect(await (await slow).body.text()).toBe('slow');
    while (!lease.pool.closed) await new Promise(setImmediate);
  });
});
