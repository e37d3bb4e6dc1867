import { WebSocketServer } from 'ws';
import { sender } from './http.mjs';
import { Session } from './server.mjs';

/** WebSocket on `/ws` of the same listener: one message a text frame. */
export function startWs(server, listener) {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (names) => (names.has('mcp') ? 'mcp' : false),
  });

  function open(socket, req) {
    const session = new Session('ws');
    const from = sender(req, session);
    server.sessions.set(session.id, session);
    session.send = (text) => socket.send(text);
    socket.on('message', (data) => {
      const text = String(data);
      const message = JSON.parse(text);
      server.journal.message(from, message, text);
      const out = {
        res: null,
        write: (bytes) => socket.send(String(bytes).trimEnd()),
        message: session.send,
        final: (answer) => {
          session.open.delete(message.id);
          socket.send(answer);
        },
      };
      server.handle(session, message, out, from);
    });
    socket.on('close', () => server.sessions.delete(session.id));
    socket.on('error', () => socket.terminate());
  }

  listener.on('upgrade', (req, socket, head) => {
    const isHere = new URL(req.url, 'http://kit').pathname === '/ws';
    if (isHere && server.admits(req.headers))
      return sockets.handleUpgrade(req, socket, head, (ws) => open(ws, req));
    socket.end(`HTTP/1.1 ${isHere ? 401 : 404} Refused\r\nconnection: close\r\n\r\n`);
  });
}
