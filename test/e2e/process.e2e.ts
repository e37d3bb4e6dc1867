import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  ROOT,
  SECRET,
  startGateway,
  token,
  type GatewayProcess,
} from '../drive/gateway-process.cjs';
import { restClient, type Rest } from '../drive/rest.js';

const run = promisify(execFile);

describe('the process, and who may ask', () => {
  let gateway: GatewayProcess;
  let rest: Rest;
  let anyone: Rest;

  beforeAll(async () => {
    gateway = await startGateway();
    rest = restClient(gateway.url, token());
    anyone = restClient(gateway.url, null);
  });
  afterAll(() => gateway.dispose());

  it('is ready within two seconds of a start with an empty database', () => {
    expect(gateway.readyMs).toBeLessThan(process.env['CI'] === undefined ? 4000 : 2000);
  });

  it('answers /health with and without a slash, and HEAD', async () => {
    for (const path of ['/health', '/health/', '/healthz']) {
      const answer = await anyone('GET', path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('location')).toBeNull();
      expect(answer.json()).toMatchObject({
        status: 'healthy',
        checks: { database: { status: 'up' } },
      });
    }
    expect((await anyone('HEAD', '/health')).status).toBe(200);
  });

  it('answers /ready and /live', async () => {
    expect((await anyone('GET', '/ready')).json()).toEqual({ status: 'ready' });
    expect((await anyone('GET', '/live')).json()).toEqual({ status: 'alive' });
  });

  it('asks for a credential, and says so as a problem', async () => {
    const answer = await anyone('GET', '/version');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({
      status: 401,
      code: 'not_authenticated',
      detail: 'Not authenticated',
    });
  });

  it('names itself in /version and never its secret', async () => {
    const answer = await rest('GET', '/version');
    expect(answer.json().app.name).toBe('MCP_Gateway');
    expect(answer.text).not.toContain(SECRET);
  });

  it('tells an invalid token from an expired one', async () => {
    const invalid = await restClient(gateway.url, 'x.y.z')('GET', '/tools');
    expect([invalid.status, invalid.json().detail]).toEqual([401, 'Invalid token']);
    const past = Math.floor(Date.now() / 1000) - 3600;
    const expired = await restClient(gateway.url, token('alice', { exp: past }))('GET', '/tools');
    expect([expired.status, expired.json().detail]).toEqual([401, 'Token has expired']);
  });

  it('refuses a foreign Origin, an unknown route, a wrong method', async () => {
    const foreign = await rest('GET', '/tools', undefined, { origin: 'http://evil.test' });
    expect([foreign.status, foreign.json().code]).toEqual([403, 'origin_forbidden']);
    const lost = await rest('GET', '/nope');
    expect([lost.status, lost.json().code]).toEqual([404, 'route_not_found']);
    const wrong = await rest('DELETE', '/tools');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toMatch(/GET/);
  });

  it('accepts the token that its own command makes', async () => {
    const { stdout } = await run(process.execPath, [
      join(ROOT, 'dist/cli/mcpgateway.js'),
      ...['token', 'create', '-u', 'alice', '-e', '60', '-s', SECRET],
    ]);
    expect(stdout.trim().split('.')).toHaveLength(3);
    const answer = await restClient(gateway.url, stdout.trim())('GET', '/tools');
    expect(answer.status).toBe(200);
  });
});
