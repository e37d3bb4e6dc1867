import { signToken, startGateway, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { restClient } from '../drive/rest.js';

const now = () => Math.floor(Date.now() / 1000);
const good = () => ({ sub: 'alice', iat: now(), exp: now() + 600 });
const unsigned = (alg: string) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg, typ: 'JWT' })}.${part(good())}.`;
};
const header = (more: Record<string, unknown>) =>
  signToken(good(), { header: { alg: 'HS256', typ: 'JWT', ...more } });
const claims = (more: Record<string, unknown>) => signToken({ ...good(), ...more });

const REFUSED: [string, () => string][] = [
  ['alg none', () => unsigned('none')],
  ['alg nOnE', () => unsigned('nOnE')],
  ['another key', () => signToken(good(), { secret: 'x'.repeat(40) })],
  ['HS512 where HS256 is configured', () => header({ alg: 'HS512' })],
  ['no exp', () => signToken({ sub: 'alice', iat: now() })],
  ['exp 0', () => claims({ exp: 0 })],
  ['exp as text', () => claims({ exp: String(now() + 600) })],
  ['exp past', () => claims({ exp: now() - 600 })],
  ['nbf ahead', () => claims({ nbf: now() + 600 })],
  ['wrong aud', () => claims({ aud: 'someone-else' })],
  ['wrong iss', () => claims({ iss: 'someone-else' })],
  ['unknown crit', () => header({ crit: ['x'], x: 1 })],
  ['no subject', () => signToken({ exp: now() + 600 })],
  ['junk', () => 'junk'],
  ['three dots', () => '...'],
];

describe('tokens', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.dispose());

  it.each(REFUSED)('refuses %s on both planes', async (_name, make) => {
    const bad = make();
    const control = await restClient(gateway.url, bad)('GET', '/tools');
    expect(control.status).toBe(401);
    for (const path of ['/mcp', '/rpc']) {
      const client = new HttpClient(gateway.url + path, bad);
      const data = await client.request('tools/list');
      expect(data.status).toBe(401);
      expect(data.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it.each([
    ['a plain one', () => signToken(good())],
    ['its own aud and iss', () => claims({ aud: 'mcpgateway-api', iss: 'mcpgateway' })],
    ['a kid that means nothing', () => header({ kid: '../../dev/null' })],
    ['an embedded key that is ignored', () => header({ jwk: { kty: 'oct', k: 'AA' } })],
    ['an end within the skew', () => claims({ exp: now() - 10 })],
  ])('accepts %s', async (_name, make) => {
    expect((await restClient(gateway.url, make())('GET', '/tools')).status).toBe(200);
  });

  it('gives a viewer lists and no calls', async () => {
    const viewer = signToken({ ...good(), sub: 'vera', role: 'viewer' });
    const rest = restClient(gateway.url, viewer);
    expect((await rest('GET', '/gateways')).status).toBe(200);
    const refused = await rest('POST', '/gateways', { name: 'x', url: 'http://127.0.0.1:1/mcp' });
    expect([refused.status, refused.json().code]).toEqual([403, 'forbidden']);
    const rpc = new HttpClient(`${gateway.url}/rpc`, viewer);
    expect((await rpc.call('x')).answer?.error?.code).toBe(-32003);
  });
});
