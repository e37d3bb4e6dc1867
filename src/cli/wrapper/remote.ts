import Pool from 'undici/lib/dispatcher/pool.js';
import { Exchange, type ExchangeHooks, type Outcome } from './exchange.js';

const CONNECT_TIMEOUT_MS = 5000;
/** How long a POST may take that carries no request of the client. */
const ASIDE_TIMEOUT_MS = 10_000;
const UNHEARD = {
  onText: (): void => undefined,
  reader: { isFull: false, onceDrained: (): void => undefined },
};

/** The gateway's endpoint and our session on it (MCP 2025-11-25 §Transports/Session Management). */
export class Remote {
  private readonly pool: Pool;
  private readonly path: string;
  private session: string | null = null;
  private revision: string | null = null;

  constructor(
    readonly url: URL,
    private readonly fixed: readonly string[],
  ) {
    this.path = url.pathname + url.search;
    this.pool = new Pool(url.origin, {
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  get sessionId(): string | null {
    return this.session;
  }

  /** Every later request carries the session and the revision. */
  join(session: string | null, revision: string): void {
    this.session = session;
    this.revision = revision;
  }

  leave(): void {
    this.session = null;
    this.revision = null;
  }

  /** @param own headers instead of those of the session: a modern request repeats its body there */
  post(body: string, hooks: ExchangeHooks, own: readonly string[] = this.joined()): Exchange {
    const accept = ['accept', 'application/json, text/event-stream'];
    const headers = ['content-type', 'application/json', ...accept, ...own];
    return this.send('POST', headers, { body, hooks });
  }

  /** Opens the stream of the session, or goes on with one after an event. */
  listen(lastEventId: string | null, hooks: ExchangeHooks): Exchange {
    const resume = lastEventId === null ? [] : ['last-event-id', lastEventId];
    const headers = ['accept', 'text/event-stream', ...resume, ...this.joined()];
    return this.send('GET', headers, { body: null, hooks });
  }

  /** A POST whose answer carries nothing for the client: notifications, answers. */
  postAside(body: string, own?: readonly string[]): Promise<Outcome> {
    return limited(this.post(body, UNHEARD, own), ASIDE_TIMEOUT_MS);
  }

  /** Ends the session; there may be none, and the far end may not care. */
  async delete(withinMs: number): Promise<void> {
    if (this.session === null) return;
    await limited(this.send('DELETE', this.joined(), { body: null, hooks: UNHEARD }), withinMs);
    this.leave();
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  private send(
    method: 'POST' | 'GET' | 'DELETE',
    own: readonly string[],
    { body, hooks }: { body: string | null; hooks: ExchangeHooks },
  ): Exchange {
    const exchange = new Exchange(hooks);
    const headers = ['accept-encoding', 'identity', ...own, ...this.fixed];
    this.pool.dispatch({ path: this.path, method, headers, body }, exchange);
    return exchange;
  }

  private joined(): string[] {
    return [
      ...(this.session === null ? [] : ['mcp-session-id', this.session]),
      ...(this.revision === null ? [] : ['mcp-protocol-version', this.revision]),
    ];
  }
}

async function limited(exchange: Exchange, withinMs: number): Promise<Outcome> {
  const timer = setTimeout(() => {
    exchange.abort();
  }, withinMs);
  try {
    return await exchange.done;
  } finally {
    clearTimeout(timer);
  }
}
