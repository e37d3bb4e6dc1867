import http from 'node:http';

const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'proxy-connection'];

/**
 * A streaming proxy that adds headers, because the runner cannot send any. Its own host and port in
 * `Host` and `Origin` become the target's; any other value goes through as it came, so that the
 * DNS-rebinding scenario still tests the gateway.
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function startAuthProxy(target, extra) {
  const url = new URL(target);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const dropped = new Set([...HOP, ...Object.keys(extra).map((name) => name.toLowerCase())]);

  function headersFor(req, own) {
    const headers = [];
    for (let i = 0; i < req.rawHeaders.length; i += 2) {
      const name = req.rawHeaders[i];
      const value = req.rawHeaders[i + 1];
      const lower = name.toLowerCase();
      if (dropped.has(lower)) continue;
      if (lower === 'host' && own.has(value)) headers.push(name, url.host);
      else if (lower === 'origin' && own.has(value.replace(/^https?:\/\//, '')))
        headers.push(name, url.origin);
      else headers.push(name, value);
    }
    for (const [name, value] of Object.entries(extra)) headers.push(name, value);
    return headers;
  }

  const server = http.createServer((req, res) => {
    const { port } = server.address();
    const headers = headersFor(req, new Set([`127.0.0.1:${port}`, `localhost:${port}`]));
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', () => {
      const body = Buffer.concat(parts);
      if (body.length > 0 || req.method === 'POST')
        headers.push('Content-Length', String(body.length));
      const { hostname, pathname: path } = url;
      const options = { hostname, port: url.port, path, method: req.method, headers, agent };
      const up = http.request({ ...options, setHost: false }, (answer) => {
        res.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
        res.flushHeaders();
        answer.pipe(res);
      });
      up.on('error', (e) => {
        if (!res.headersSent) res.writeHead(502, { 'content-type': 'text/plain' });
        res.end(`auth-proxy: ${e.message}`);
      });
      res.on('close', () => up.destroy());
      up.end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/mcp`,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
