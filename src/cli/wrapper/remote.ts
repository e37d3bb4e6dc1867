import Pool from 'undici/lib/dispatcher/pool.js';
import { Exchange, type ExchangeHooks, type Outcome, type Sent } from './exchange.js';
import { oldStreams } from './endpoint.js';
import { OldPair } from './old-pair.js';

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
  private pair: OldPair | null = null;

  /** @param given the URL as it was configured, where an older server would have its stream */
  constructor(
    readonly url: URL,
    private readonly fixed: readonly string[],
    private readonly given = url,
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
    this.pair?.hangUp();
  }

  /** What is known of the far end is forgotten, how it is spoken to as well. */
  startOver(): void {
    this.leave();
    this.pair = null;
  }

  /**
   * Tries the transport of 2024-11-05 where this one is refused (MCP 2025-11-25 §Transports/Backwards
   * Compatibility).
   * @returns whether the far end speaks it; requests without headers of their own then go that way
   */
  async fallBack(): Promise<boolean> {
    if (this.pair !== null) return false;
    for (const url of oldStreams(this.given)) {
      const pair = this.pairAt(url);
      if (await pair.opens()) {
        this.pair = pair;
        return true;
      }
      pair.hangUp();
    }
    return false;
  }

  private pairAt(url: URL): OldPair {
    return new OldPair(url, {
      open: (hooks) => {
        const path = url.pathname + url.search;
        return this.send('GET', ['accept', 'text/event-stream'], { body: null, hooks, path });
      },
      post: (path, body, hooks) =>
        this.send('POST', ['content-type', 'application/json'], { body, hooks, path }),
    });
  }

  /** @param own headers instead of those of the session: a modern request repeats its body there */
  post(body: string, hooks: ExchangeHooks, own?: readonly string[]): Sent {
    if (own === undefined && this.pair !== null) return this.pair.post(body, hooks);
    const accept = ['accept', 'application/json, text/event-stream'];
    const headers = ['content-type', 'application/json', ...accept, ...(own ?? this.joined())];
    return this.send('POST', headers, { body, hooks });
  }

  /** Opens the stream of the session, or goes on with one after an event. */
  listen(lastEventId: string | null, hooks: ExchangeHooks): Sent {
    if (this.pair !== null) return this.pair.listen(hooks);
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
    { body, hooks, path }: { body: string | null; hooks: ExchangeHooks; path?: string },
  ): Exchange {
    const exchange = new Exchange(hooks);
    const headers = ['accept-encoding', 'identity', ...own, ...this.fixed];
    this.pool.dispatch({ path: path ?? this.path, method, headers, body }, exchange);
    return exchange;
  }

  private joined(): string[] {
    return [
      ...(this.session === null ? [] : ['mcp-session-id', this.session]),
      ...(this.revision === null ? [] : ['mcp-protocol-version', this.revision]),
    ];
  }
}

async function limited(exchange: Sent, withinMs: number): Promise<Outcome> {
  const timer = setTimeout(() => {
    exchange.abort();
  }, withinMs);
  try {
    return await exchange.done;
  } finally {
    clearTimeout(timer);
  }
}
