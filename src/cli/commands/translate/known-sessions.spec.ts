import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { KnownSessions } from './known-sessions.js';

function opened(sessions: KnownSessions, id: string): void {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  sessions.learnFrom(res, `key of ${id}`);
  res.writeHead(200, ['content-type', 'application/json', 'Mcp-Session-Id', id]);
}

describe('known sessions', () => {
  it('forget the one that was used longest ago', () => {
    const sessions = new KnownSessions(2);
    opened(sessions, 'a');
    opened(sessions, 'b');
    expect(sessions.keyOf('a')).toBe('key of a');
    opened(sessions, 'c');
    expect(sessions.keyOf('b')).toBeUndefined();
    expect(sessions.keyOf('a')).toBe('key of a');
    expect(sessions.keyOf('c')).toBe('key of c');
  });
});
