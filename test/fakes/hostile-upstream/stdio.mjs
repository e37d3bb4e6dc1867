import { createInterface } from 'node:readline';
import { Session } from './server.mjs';

/** One JSON-RPC message a line on stdin and stdout. */
export function startStdio(server) {
  const session = new Session('stdio');
  server.sessions.set(session.id, session);
  const line = (text) => process.stdout.write(`${text}\n`);
  session.send = line;
  const from = { conn: 0, session: session.id };
  createInterface({ input: process.stdin })
    .on('line', (text) => {
      let message;
      try {
        message = JSON.parse(text);
      } catch {
        return server.journal.write({ event: 'garbage', bytes: text });
      }
      server.journal.message(from, message, text);
      const out = {
        res: null,
        write: (bytes) => process.stdout.write(bytes),
        message: line,
        final: (answer) => {
          session.open.delete(message.id);
          line(answer);
        },
      };
      server.handle(session, message, out, from);
    })
    .on('close', () => {
      server.journal.write({ event: 'close' });
      if (!server.staysAlive) process.exit(0);
      setInterval(() => {}, 1000);
    });
}
