import { bodyOf, refuse, sender } from './http.mjs';
import { Session } from './server.mjs';

/** The HTTP+SSE pair of 2024-11-05: `GET /sse`, `POST /message?session_id=`. */
export function sseRoutes(server) {
  const write = (res, name, data) => res.write(`event: ${name}\ndata: ${data}\n\n`);

  function open(req, res) {
    if (req.method !== 'GET') return void res.writeHead(405, { allow: 'GET' }).end();
    if (!server.admits(req.headers)) return refuse(res, 401, -32001, 'Unauthorized');
    const session = new Session('sse');
    session.res = res;
    session.send = (text) => write(res, 'message', text);
    server.sessions.set(session.id, session);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    write(res, 'endpoint', `/message?session_id=${session.id}`);
    res.on('close', () => server.sessions.delete(session.id));
  }

  async function message(req, res) {
    const id = new URL(req.url, 'http://kit').searchParams.get('session_id');
    const session = server.sessions.get(id);
    const text = await bodyOf(req);
    if (session === undefined) return refuse(res, 404, -32001, 'Session not found');
    const parsed = JSON.parse(text);
    server.journal.message(sender(req, session), parsed, text);
    res.writeHead(202).end('Accepted');
    const out = {
      res: null,
      write: (bytes) => session.res.write(`event: message\ndata: ${String(bytes).trimEnd()}\n\n`),
      message: session.send,
      final: (answer) => {
        session.open.delete(parsed.id);
        session.send(answer);
      },
    };
    server.handle(session, parsed, out, sender(req, session));
  }

  return {
    '/sse': open,
    '/message': (req, res) => void message(req, res).catch(() => res.destroy()),
  };
}
