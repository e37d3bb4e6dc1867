import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import type { ExchangeHooks, Sent } from './exchange.js';
import { idKey } from './open-call.js';
import { responseIn } from './own-request.js';
import { outcomeOf, PairListen, PairRequest } from './pair-request.js';

interface Wire {
  open(hooks: ExchangeHooks): Sent;
  post(path: string, body: string, hooks: ExchangeHooks): Sent;
}

/** Longest wait for the event that says where to post. */
const ENDPOINT_WITHIN_MS = 5000;
/** What may come before anybody listens. */
const MAX_UNHEARD = 100;

/**
 * HTTP+SSE of 2024-11-05: a GET whose first event says where to POST; everything that the far end says
 * comes on that stream. It is opened when something is to be sent, and the session ends with it.
 */
export class OldPair {
  private stream: Sent | null = null;
  /** Where to post, once the stream has said it; `null` when it could not be opened. */
  private endpoint: Promise<string | null> | null = null;
  private readonly waiting = new Map<string, PairRequest>();
  private listening: PairListen | null = null;
  private unheard: string[] = [];

  constructor(
    private readonly url: URL,
    private readonly wire: Wire,
  ) {}

  /** Whether the far end speaks so. */
  async opens(): Promise<boolean> {
    return (await this.opened()) !== null;
  }

  post(body: string, hooks: ExchangeHooks): Sent {
    const { kind, id } = parseUpstreamMessage(body);
    const request = new PairRequest(kind === 'request' ? idKey(id as string) : null, hooks);
    // Whatever settled it: its answer, a refusal, the end of the stream, or who no longer wants it.
    void request.done.then(() => {
      if (request.key !== null && this.waiting.get(request.key) === request)
        this.waiting.delete(request.key);
    });
    void this.send(request, body);
    return request;
  }

  /** Hears what is no answer. */
  listen(hooks: ExchangeHooks): Sent {
    const listening = new PairListen(hooks);
    this.listening = listening;
    // Whoever listens gets to know its stream first.
    queueMicrotask(() => {
      if (this.listening !== listening) return;
      hooks.onHead?.(200);
      for (const text of this.unheard.splice(0)) hooks.onText(text);
    });
    return listening;
  }

  /** Ends the stream; the next message opens another. */
  hangUp(): void {
    const { stream } = this;
    this.stream = null;
    stream?.abort();
    this.gone(new Error('no longer wanted'));
  }

  private opened(): Promise<string | null> {
    this.endpoint ??= this.connect();
    return this.endpoint;
  }

  private connect(): Promise<string | null> {
    return new Promise((resolve) => {
      const stream = this.wire.open({
        reader: { isFull: false, onceDrained: () => undefined },
        onText: (text, event) => {
          if (this.stream !== stream) return;
          if (event !== 'endpoint') this.heard(text);
          else {
            clearTimeout(late);
            const path = pathOf(text, this.url);
            resolve(path);
            // Nothing can be posted: the next message opens another instead of this one.
            if (path === null) this.hangUp();
          }
        },
      });
      this.stream = stream;
      const late = setTimeout(() => {
        resolve(null);
        stream.abort();
      }, ENDPOINT_WITHIN_MS);
      void stream.done.then((outcome) => {
        clearTimeout(late);
        resolve(null);
        if (this.stream === stream) this.gone(outcome.error ?? new Error('the stream has ended'));
      });
    });
  }

  private async send(request: PairRequest, body: string): Promise<void> {
    const path = await this.opened();
    if (request.isOver) return;
    if (path === null) {
      this.endpoint = null;
      request.settle(outcomeOf({ error: new Error('its event stream cannot be opened') }));
      return;
    }
    if (request.key !== null) this.waiting.set(request.key, request);
    const nothing = { onText: () => undefined, reader: request.hooks.reader };
    const outcome = await request.sending(this.wire.post(path, body, nothing));
    // An accepted request has its answer on the stream.
    const isAccepted = outcome.error === null && outcome.status < 300;
    if (!isAccepted || request.key === null) request.settle(outcome);
  }

  private heard(text: string): void {
    const message = responseIn(text);
    if (message !== null) {
      // Where none waits, the answer came too late.
      const key = idKey(message.id as string);
      const request = this.waiting.get(key);
      this.waiting.delete(key);
      request?.hooks.onText(text);
      request?.settle(outcomeOf({ status: 200 }));
    } else if (this.listening !== null) this.listening.hooks.onText(text);
    else if (this.unheard.length < MAX_UNHEARD) this.unheard.push(text);
  }

  /** The stream is gone, and the session with it. */
  private gone(error: Error): void {
    this.stream = null;
    this.endpoint = null;
    this.unheard = [];
    for (const request of this.waiting.values())
      request.settle(outcomeOf({ error, wasSent: true }));
    const { listening } = this;
    this.listening = null;
    listening?.settle(outcomeOf({ status: 404 }));
  }
}

/** The path to post to; never elsewhere, where the token is nobody's business. */
function pathOf(said: string, base: URL): string | null {
  if (!URL.canParse(said, base.href)) return null;
  const url = new URL(said, base.href);
  return url.origin === base.origin ? url.pathname + url.search : null;
}
