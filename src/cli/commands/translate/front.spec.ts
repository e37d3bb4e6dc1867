import { GatewayError } from '../../../kernel/errors.js';
import { Apps } from './apps.js';
import { Front } from './front.js';
import { translateConfig } from './translate-config.js';

const PAGE = 'https://app.example';
const flags = {
  ...{ host: '127.0.0.1', port: '0', keepAlive: '30', logLevel: 'none' },
  ...{ ssePath: '/sse', messagePath: '/message', cors: [PAGE] },
};

describe('the front of translate', () => {
  /** Values that an upstream was to be started with. */
  let started: string[];
  let front: Front;
  let url: string;
  beforeEach(async () => {
    started = [];
    const apps = new Apps([{ header: 'x-api-key', variable: 'KEY' }], ({ KEY = '' }) => {
      started.push(KEY);
      return Promise.reject(new GatewayError('upstream_unreachable', { reason: 'gone' }));
    });
    front = new Front(apps, {
      paths: { sse: '/sse', message: '/message' },
      bearer: 'sesame',
      config: translateConfig(flags, {}),
    });
    url = `http://127.0.0.1:${String(await front.listen(0, '127.0.0.1'))}/mcp`;
  });
  afterEach(() => front.close());
  const preflight = (origin: string, more: Record<string, string> = {}) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', ...more },
    });

  it('starts no program for a preflight, whatever its headers say', async () => {
    const allowed = await preflight(PAGE, {
      'x-api-key': 'of anyone',
      'access-control-request-headers': 'authorization,x-api-key',
    });
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-headers': 'authorization,x-api-key',
    });
    const foreign = await preflight('https://evil.example', { 'x-api-key': 'of anyone' });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    expect(started).toEqual([]);
  });

  it('starts one for a request with the token', async () => {
    const headers = { 'x-api-key': 'mine' };
    expect((await fetch(url, { headers })).status).toBe(401);
    expect(started).toEqual([]);
    const authorization = 'Bearer sesame';
    expect((await fetch(url, { headers: { ...headers, authorization } })).status).toBe(502);
    expect(started).toEqual(['mine']);
  });
});
