import type { Dispatcher } from 'undici';
import { notificationText } from '../../kernel/jsonrpc.js';
import type { Lease } from '../../platform/http/safe-client.js';
import type { HttpAddress } from './http-line.js';

/** How long a POST that carries no request of a client may take. */
const SIDE_POST_MS = 10_000;
/** Responses under way that nobody below has given: an upstream that asks faster takes none. */
const MAX_AT_ONCE = 256;

/**
 * What goes to an upstream session besides calls. It has connections of its own: however many calls
 * wait for an answer, a cancellation does not.
 */
export class HttpAsides {
  private atOnce = 0;

  constructor(
    private readonly lease: Lease,
    private readonly address: HttpAddress,
    private readonly onDropped: (reason: string) => void,
  ) {}

  get pool(): Dispatcher {
    return this.lease.pool;
  }

  /** @returns settled once the upstream has taken it, or has not */
  post(text: string): Promise<void> {
    return this.send('POST', text);
  }

  notify(method: string, params: string): Promise<void> {
    return this.post(notificationText(method, params));
  }

  /** A pong or a refusal; of a flood of these most are dropped. */
  respondAtOnce(text: string): void {
    if (this.atOnce >= MAX_AT_ONCE) {
      this.onDropped('response_flood');
      return;
    }
    this.atOnce++;
    void this.post(text).then(() => {
      this.atOnce--;
    });
  }

  /** Ends the session above; 405 is fine. */
  endSession(): Promise<void> {
    return this.send('DELETE', null);
  }

  /** Nothing more is sent. */
  end(): void {
    this.lease.end();
  }

  private send(method: 'POST' | 'DELETE', body: string | null): Promise<void> {
    const { pool, address } = this;
    if (address.isLoggedOut) return Promise.resolve();
    const headers = method === 'POST' ? address.postHeaders : address.headers;
    return new Promise((done) => {
      let timer: NodeJS.Timeout | null = null;
      const end = (): void => {
        if (timer !== null) clearTimeout(timer);
        done();
      };
      pool.dispatch(
        { path: address.path, method, headers, body },
        {
          onRequestStart(controller) {
            timer = setTimeout(() => {
              controller.abort(new Error('no answer'));
            }, SIDE_POST_MS);
          },
          onResponseData() {
            // What it says does not matter.
          },
          onResponseEnd: end,
          onResponseError: end,
        },
      );
    });
  }
}
