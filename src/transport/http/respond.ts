import type { Exchange } from './exchange.js';

/** An answer without a body. */
export function respondEmpty(exchange: Exchange, status: number): void {
  const { res, headers } = exchange;
  if (res.headersSent || res.destroyed) return;
  const length = status === 204 ? [] : ['content-length', '0'];
  res.writeHead(status, ['cache-control', 'no-store', ...headers, ...length]);
  res.end();
}
