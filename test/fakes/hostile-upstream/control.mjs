import http from 'node:http';
import { bodyOf } from './http.mjs';

/** `POST /set`, `POST /emit`, `POST /reset`, `GET /journal`: what a test does to a running kit. */
export async function startControl(server) {
  const actions = {
    '/set': (body) => server.set(body),
    '/emit': (body) => server.broadcast(body.message, body.session),
    '/reset': () => server.journal.reset(),
    '/live': () => server.sessions.size,
    '/journal': () => server.journal.events,
  };
  const listener = http.createServer((req, res) => {
    void bodyOf(req).then((text) => {
      const action = actions[new URL(req.url, 'http://kit').pathname];
      if (!action) return res.writeHead(404).end();
      const answer = action(text === '' ? {} : JSON.parse(text));
      res.end(JSON.stringify(answer ?? null));
    });
  });
  listener.unref();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${listener.address().port}`;
}
