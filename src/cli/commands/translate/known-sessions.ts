import type { ServerResponse } from 'node:http';

const MAX_SESSIONS = 10_000;
export const SESSION_HEADER = 'mcp-session-id';

/** Which upstream a session was opened at, by its key. The one that was used longest ago is forgotten first. */
export class KnownSessions {
  private readonly keys = new Map<string, string>();

  constructor(private readonly max = MAX_SESSIONS) {}

  keyOf(session: string): string | undefined {
    const key = this.keys.get(session);
    if (key !== undefined) this.remember(session, key);
    return key;
  }

  /** The id stands in the head of the answer to `initialize`. */
  learnFrom(res: ServerResponse, key: string): void {
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
    res.writeHead = (...args: unknown[]): ServerResponse => {
      const written = writeHead(...args);
      const id = sessionIn(args.at(-1));
      if (id !== undefined) this.remember(id, key);
      return written;
    };
  }

  private remember(session: string, key: string): void {
    this.keys.delete(session);
    this.keys.set(session, key);
    if (this.keys.size <= this.max) return;
    const oldest = this.keys.keys().next();
    if (oldest.done !== true) this.keys.delete(oldest.value);
  }
}

/** @param headers as the endpoints write them: names and values in turn */
function sessionIn(headers: unknown): string | undefined {
  if (!Array.isArray(headers)) return undefined;
  const at = headers.findIndex(
    (one) => typeof one === 'string' && one.toLowerCase() === SESSION_HEADER,
  );
  const value: unknown = at < 0 ? undefined : headers[at + 1];
  return typeof value === 'string' ? value : undefined;
}
