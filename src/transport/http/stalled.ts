import type { ServerResponse } from 'node:http';

/**
 * Ends the connection of a reader that takes nothing for so long of what waits for it. Node counts what
 * the kernel takes of a large write as activity, too; but the kernel takes more only when a third of its
 * buffer is free, about a megabyte: a reader of 10 KB/s is seen to read every minute or two.
 */
export function endWhenStalled(res: ServerResponse, stallMs: number): void {
  res.setTimeout(stallMs, () => {
    if (res.writableLength > 0) res.destroy();
  });
}
