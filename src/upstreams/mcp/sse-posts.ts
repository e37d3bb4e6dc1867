import type { Dispatcher } from 'undici';
import { takeOut } from '../../kernel/take-out.js';
import { SessionLostError } from './connection.js';
import type { HttpAddress } from './http-line.js';
import { type Head, broken, refusedByHead } from './upstream-fault.js';

/** Some servers answer the POST only when the call is done; none needs longer than a call may take. */
const POST_MS = 900_000;

/** The POSTs of one HTTP+SSE connection; what the upstream answers comes on its stream. */
export class SsePosts {
  private readonly open: Dispatcher.DispatchController[] = [];

  constructor(
    private readonly pool: Dispatcher,
    private readonly address: HttpAddress,
  ) {}

  /**
   * Sends one message and waits until it is accepted.
   * @param begin see Pipe.send
   * @throws SessionLostError 404, 410: the upstream has forgotten us, nothing has run
   * @throws GatewayError `upstream_unreachable` when no byte went, else `upstream_error`
   */
  send(body: string, begin: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = {
        path: this.address.path,
        method: 'POST' as const,
        headers: this.address.postHeaders,
        body,
      };
      this.pool.dispatch(request, this.handler(begin, resolve, reject));
    });
  }

  close(): void {
    for (const controller of [...this.open]) controller.abort(new Error('closed'));
  }

  private handler(
    begin: () => boolean,
    resolve: () => void,
    reject: (error: Error) => void,
  ): Dispatcher.DispatchHandler {
    let begun = false;
    let mine: Dispatcher.DispatchController | null = null;
    let timer: NodeJS.Timeout | undefined;
    const over = (): void => {
      clearTimeout(timer);
      if (mine !== null) takeOut(this.open, mine);
    };
    return {
      onRequestStart: (controller) => {
        begun = begin();
        if (!begun) {
          controller.abort(new Error('no longer wanted'));
          return;
        }
        mine = controller;
        this.open.push(controller);
        timer = setTimeout(() => {
          controller.abort(new Error('no answer'));
        }, POST_MS);
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) return;
        const refused = refusal(status, headers);
        if (refused === null) resolve();
        else reject(refused);
      },
      onResponseData: () => {
        // The answer comes on the stream.
      },
      onResponseEnd: over,
      onResponseError: (_controller, error) => {
        over();
        reject(broken(error, begun));
      },
    };
  }
}

function refusal(status: number, headers: Head): Error | null {
  if (status < 300) return null;
  if (status === 404 || status === 410) return new SessionLostError();
  return refusedByHead(status, headers);
}
