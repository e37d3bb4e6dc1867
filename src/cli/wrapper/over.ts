import type { Outcome, Sent } from './exchange.js';
import type { OpenCall } from './open-call.js';

/** How long the stream of a request may stay open once the request is over. */
const LINGER_MS = 1000;

/** @returns null when the call ended first; what is left of the stream is still read for a while */
export async function over(exchange: Sent, call: OpenCall): Promise<Outcome | null> {
  const ended = new Promise<null>((resolve) => {
    const tell = (): void => {
      const linger = setTimeout(() => {
        exchange.abort();
      }, LINGER_MS);
      linger.unref();
      void exchange.done.then(() => {
        clearTimeout(linger);
      });
      if (!exchange.isSent) exchange.abort();
      resolve(null);
    };
    if (call.isDone()) tell();
    else call.ended.addEventListener('abort', tell);
  });
  return Promise.race([exchange.done, ended]);
}
