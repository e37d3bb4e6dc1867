import http from 'node:http';
import { faultOf } from './modern.mjs';
import { Session } from './server.mjs';

const SSE = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
const event = (text) => `event: message\ndata: ${text}\n\n`;

/** A refusal with a JSON-RPC body, as servers in the field give it. */
export function refuse(res, status, code, message) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
}

export async function bodyOf(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts).toString();
}

let connections = 0;
const connIds = new WeakMap();

/** Who sent this: connection, session and credential, for the journal. */
export function sender(req, session) {
  if (!connIds.has(req.socket)) connIds.set(req.socket, ++connections);
  const { headers } = req;
  const credential = headers.authorization ?? headers['x-api-key'] ?? null;
  return { conn: connIds.get(req.socket), session: session?.id, credential, headers };
}

/** JSON when the answer comes first, an event stream as soon as anything precedes it. */
function exchange(res) {
  const out = {
    res,
    write: null,
    message(text) {
      if (!res.headersSent) res.writeHead(200, { ...SSE, ...out.headers });
      res.write(event(text));
    },
    final(text) {
      if (res.headersSent) return void res.end(event(text));
      res.writeHead(200, { 'content-type': 'application/json', ...out.headers });
      res.end(text);
    },
    onEnd: (listener) => res.on('close', listener),
    headers: {},
  };
  return out;
}

/** Whoever serves both eras tells them apart by this key. */
const CLAIM = 'io.modelcontextprotocol/protocolVersion';

async function post(server, req, res) {
  const text = await bodyOf(req);
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return refuse(res, 400, -32700, 'Parse error');
  }
  const isModern = message.params?._meta?.[CLAIM] !== undefined;
  if (server.era === 'modern' || (server.era === 'both' && isModern))
    return postModern(server, { req, res, message, text });
  const isInitialize = message.method === 'initialize';
  const id = req.headers['mcp-session-id'];
  const session = isInitialize ? new Session('http') : server.sessions.get(id);
  server.journal.message(sender(req, session ?? { id }), message, text);
  if (!server.admits(req.headers)) return refuse(res, 401, -32001, 'Unauthorized');
  if (session === undefined)
    return refuse(res, id ? server.session.status : 400, -32001, 'Session not found');
  if (isInitialize) server.sessions.set(session.id, session);
  session.requests += message.id === undefined ? 0 : 1;
  if (server.session.forgetAfter > 0 && session.requests > server.session.forgetAfter)
    server.sessions.delete(session.id);
  const out = exchange(res);
  if (isInitialize) out.headers = { 'mcp-session-id': session.id };
  if (!server.handle(session, message, out, sender(req, session))) res.writeHead(202).end();
}

/** Each request stands alone; closing its stream is its cancellation. */
function postModern(server, { req, res, message, text }) {
  const session = new Session('http');
  session.isModern = true;
  const from = sender(req, { id: null });
  server.journal.message(from, message, text);
  if (!server.admits(req.headers)) return refuse(res, 401, -32001, 'Unauthorized');
  const fault = faultOf(server, req.headers, message);
  if (fault !== null) {
    res.writeHead(fault.status, { 'content-type': 'application/json' });
    const { code, text: reason, data } = fault;
    const error = { code, message: reason, ...(data && { data }) };
    return res.end(JSON.stringify({ jsonrpc: '2.0', id: message.id ?? null, error }));
  }
  const out = exchange(res);
  res.on('close', () => {
    const call = session.open.get(message.id);
    if (call === undefined || res.writableFinished) return;
    server.journal.write({ event: 'closed', id: message.id, tool: message.params?.name });
    call.cancel();
  });
  if (!server.handle(session, message, out, from)) res.writeHead(202).end();
}

function listen(server, req, res) {
  const session = server.sessions.get(req.headers['mcp-session-id']);
  server.journal.write({ event: 'listen', session: req.headers['mcp-session-id'] ?? null });
  if (session === undefined) return refuse(res, server.session.status, -32001, 'Session not found');
  res.writeHead(200, SSE);
  res.flushHeaders();
  session.send = (text) => res.write(event(text));
  res.on('close', () => (session.send = null));
}

function end(server, req, res) {
  const id = req.headers['mcp-session-id'];
  server.journal.write({ event: 'delete', session: id ?? null });
  res.writeHead(server.sessions.delete(id) ? 200 : 404).end();
}

/** Streamable HTTP on `/mcp`; `routes` adds other paths to the same listener. */
export async function startHttp(server, port, routes = {}) {
  const listener = http.createServer({ maxHeaderSize: 128 * 1024 }, (req, res) => {
    const path = new URL(req.url, 'http://kit').pathname;
    const route = routes[path];
    if (route) return void route(req, res);
    if (path !== '/mcp') return void res.writeHead(404).end();
    if (server.era === 'modern' && req.method !== 'POST') return void res.writeHead(405).end();
    if (req.method === 'POST') return void post(server, req, res).catch(() => res.destroy());
    if (req.method === 'GET') return listen(server, req, res);
    if (req.method === 'DELETE') return end(server, req, res);
    res.writeHead(405).end();
  });
  listener.keepAliveTimeout = 60_000;
  await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));
  return { port: listener.address().port, listener };
}
