/**
 * The floor: a bare proxy of node:http and one keep-alive undici pool, both bodies copied through
 * (RELIABILITY.md §1.1 FL1). `API=request` as anyone would write it; `API=dispatch` the leanest that
 * undici can do, without a stream for the answer.
 */
import http from 'node:http';
import { Pool } from 'undici';

const target = new URL(process.env.TARGET);
const pool = new Pool(target.origin, { connections: 128, pipelining: 1 });
const FORWARDED = ['content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version'];

/** Copies an answer as it arrives. */
class Copy {
  constructor(res) {
    this.res = res;
  }
  onRequestStart() {}
  onResponseStart(_controller, status, headers) {
    delete headers.connection;
    delete headers['keep-alive'];
    this.res.writeHead(status, headers);
  }
  onResponseData(_controller, chunk) {
    this.res.write(chunk);
  }
  onResponseEnd() {
    this.res.end();
  }
  onResponseError(_controller, error) {
    if (!this.res.headersSent) this.res.writeHead(502);
    this.res.end(error.message);
  }
}

const SEND = {
  dispatch: (options, res) => pool.dispatch(options, new Copy(res)),
  request: async (options, res) => {
    try {
      const answer = await pool.request(options);
      delete answer.headers.connection;
      delete answer.headers['keep-alive'];
      res.writeHead(answer.statusCode, answer.headers);
      answer.body.pipe(res);
    } catch (error) {
      res.writeHead(502).end(error.message);
    }
  },
};
const send = SEND[process.env.API ?? 'request'];

const server = http.createServer((req, res) => {
  const headers = {};
  for (const name of FORWARDED)
    if (req.headers[name] !== undefined) headers[name] = req.headers[name];
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    send({ path: target.pathname, method: req.method, headers, body }, res);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`READY http://127.0.0.1:${server.address().port}/mcp`);
});
