import type { IncomingMessage } from 'node:http';
import { loadConfig } from '../../config/load-config.js';
import { checkEdge } from './edge-check.js';
import { readHead } from './head.js';
import { HostRules } from './host-rules.js';

const base = {
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
};
const loopback = new HostRules(loadConfig(base, { cwd: '/nonexistent' }));

function verdict(
  headers: readonly (readonly [string, string])[],
  { method = 'POST', url = '/mcp', rules = loopback } = {},
): string {
  // Only what the edge reads of a request.
  const req = { method, url, rawHeaders: headers.flat() } as unknown as IncomingMessage;
  try {
    checkEdge(req, readHead(req), rules);
    return 'passes';
  } catch (e) {
    return (e as { code: string }).code;
  }
}
const host = ['Host', 'localhost:4444'] as const;

describe('checkEdge', () => {
  it.each(['localhost', 'LOCALHOST:4444', '127.0.0.1:4444', '[::1]:4444', '10.1.2.3'])(
    'lets Host %s pass on a loopback bind',
    (h) => {
      expect(verdict([['Host', h]])).toBe('passes');
    },
  );

  it.each(['evil.test', 'localhost.evil.test', '127.0.0.1.nip.io', 'evil.test:4444'])(
    'refuses the foreign name %s',
    (h) => {
      expect(verdict([['Host', h]])).toBe('host_not_allowed');
    },
  );

  it.each(['', 'x/admin?y=', 'x#', 'x@y', 'x y', 'a:b:c'])('refuses the malformed Host %j', (h) => {
    expect(verdict([['Host', h]])).toBe('bad_head');
  });

  it('refuses no Host, two Hosts, and every other header that must be single', () => {
    expect(verdict([])).toBe('bad_head');
    expect(verdict([host, ['host', '127.0.0.1']])).toBe('bad_head');
    for (const name of ['Authorization', 'Content-Type', 'Mcp-Session-Id', 'Origin'])
      expect(verdict([host, [name, 'a'], [name.toLowerCase(), 'b']])).toBe('bad_head');
  });

  it('takes Accept in parts', () => {
    expect(verdict([host, ['Accept', 'application/json'], ['Accept', 'text/event-stream']])).toBe(
      'passes',
    );
  });

  it('enforces the list of names on any bind, and nothing on a public bind without one', () => {
    const listed = new HostRules(
      loadConfig({ ...base, HOST: '0.0.0.0', ALLOWED_HOSTS: 'gw.example.com' }),
    );
    expect(verdict([['Host', 'gw.example.com']], { rules: listed })).toBe('passes');
    expect(verdict([['Host', 'localhost']], { rules: listed })).toBe('host_not_allowed');
    const open = new HostRules(loadConfig({ ...base, HOST: '0.0.0.0' }));
    expect(verdict([['Host', 'any.example.com']], { rules: open })).toBe('passes');
  });

  it.each(['http://evil.test', 'null', 'http://localhost.evil', 'http://localhost:9999'])(
    'refuses the Origin %s',
    (o) => {
      expect(verdict([host, ['Origin', o]])).toBe('origin_forbidden');
    },
  );

  it.each(['http://localhost', 'http://localhost:4444'])('takes the Origin %s', (o) => {
    expect(verdict([host, ['Origin', o]])).toBe('passes');
  });

  it.each([
    ['Transfer-Encoding', 'gzip, chunked'],
    ['Transfer-Encoding', 'identity, chunked'],
    ['Transfer-Encoding', 'xchunked'],
  ])('refuses %s: %s', (name, value) => {
    expect(verdict([host, [name, value]])).toBe('bad_head');
  });

  it('refuses a body of two lengths, a target that is no path, too many headers', () => {
    expect(verdict([host, ['Transfer-Encoding', 'chunked'], ['Content-Length', '1']])).toBe(
      'bad_head',
    );
    expect(verdict([host], { url: 'http://evil/mcp' })).toBe('bad_head');
    const many = Array.from({ length: 100 }, (_, i) => [`X-${String(i)}`, '1'] as const);
    expect(verdict([host, ...many])).toBe('headers_too_large');
    expect(verdict([host, ...many.slice(1)])).toBe('passes');
  });

  it.each(['cross-site', 'same-site'])('refuses a change from a page of a %s', (site) => {
    const fetch = ['Sec-Fetch-Site', site] as const;
    expect(verdict([host, fetch])).toBe('csrf_failed');
    expect(verdict([host, fetch], { method: 'GET' })).toBe('passes');
    expect(verdict([host, fetch, ['Origin', 'http://localhost']])).toBe('passes');
  });
});
