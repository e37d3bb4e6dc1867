import type { ServerResponse } from 'node:http';

/**
 * Ends the connection of a reader that takes nothing for so long of what waits for it. Node counts what
 * the far end takes of a large write as activity, too.
 */
export function endWhenStalled(res: ServerResponse, stallMs: number): void {
  res.setTimeout(stallMs, () => {
    if (res.writableLength > 0) res.destroy();
  });
}
