import type { Dispatcher } from 'undici';

/**
 * The same handler, of whose answer somebody else hears the session id: it stands in the head of the
 * answer to `initialize`, which a leg does not look at.
 */
export function announcing(
  leg: Dispatcher.DispatchHandler,
  onSession: (id: string) => void,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (c, x) => leg.onRequestStart?.(c, x),
    onResponseStart: (c, status, headers, text) => {
      const session = headers['mcp-session-id'];
      if (typeof session === 'string' && status < 300) onSession(session);
      leg.onResponseStart?.(c, status, headers, text);
    },
    onResponseData: (c, chunk) => leg.onResponseData?.(c, chunk),
    onResponseEnd: (c, trailers) => leg.onResponseEnd?.(c, trailers),
    onResponseError: (c, error) => leg.onResponseError?.(c, error),
  };
}
