import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors.js';
import type { Head } from './head.js';
import { type HostRules, parseHost } from './host-rules.js';

const MAX_HEADERS = 100;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What every request of both planes passes before a byte of its body is read: framing, Host, Origin
 * (SECURITY.md S01–S03, S09, S11).
 * @throws GatewayError `headers_too_large`, `bad_head`, `host_not_allowed`, `origin_forbidden`, `csrf_failed`
 */
export function checkEdge(req: IncomingMessage, head: Head, rules: HostRules): void {
  if (head.count > MAX_HEADERS) throw new GatewayError('headers_too_large');
  checkFraming(req, head);
  const { host } = head;
  if (host === undefined || parseHost(host) === undefined)
    throw new GatewayError('bad_head', { reason: 'exactly one Host of the form host[:port]' });
  if (!rules.allowsHost(host)) throw new GatewayError('host_not_allowed', { host });
  if (head.origin !== undefined && !rules.allowsOrigin(head.origin, host))
    throw new GatewayError('origin_forbidden', { origin: head.origin.slice(0, 200) });
  checkFetchSite(req, head, rules);
}

function checkFraming(req: IncomingMessage, head: Head): void {
  if (head.doubled.includes('mcp-protocol-version'))
    throw new GatewayError('header_mismatch', { reason: 'MCP-Protocol-Version is there twice' });
  if (head.doubled.length > 0)
    throw new GatewayError('bad_head', { reason: `header ${String(head.doubled[0])} only once` });
  if (req.url?.startsWith('/') !== true)
    throw new GatewayError('bad_head', { reason: 'the request target must be a path' });
  if (head.transferEncoding !== undefined && head.transferEncoding.toLowerCase() !== 'chunked')
    throw new GatewayError('bad_head', { reason: 'Transfer-Encoding other than chunked' });
  if (head.transferEncoding !== undefined && head.contentLength !== undefined)
    throw new GatewayError('bad_head', { reason: 'Transfer-Encoding and Content-Length' });
}

/** A page of another site must not change anything here, unless the operator lists it. */
function checkFetchSite(req: IncomingMessage, head: Head, rules: HostRules): void {
  const site = head.secFetchSite;
  if (site !== 'cross-site' && site !== 'same-site') return;
  if (SAFE_METHODS.has(req.method ?? '')) return;
  if (head.origin === undefined || !rules.listsOrigin(head.origin))
    throw new GatewayError('csrf_failed');
}
