import type { IncomingMessage } from 'node:http';

/** Most of a refused body that is read, so that its sender sees the refusal and can go on. */
const MAX_DRAINED_BYTES = 1_048_576;
const CLOSE = ['connection', 'close'] as const;

/**
 * A request is refused before its body was read: what is left of a small one is thrown away, a large one
 * ends the connection.
 * @returns headers that the refusal needs
 */
export function drainRest(req: IncomingMessage): readonly string[] {
  if (req.complete) return [];
  if (Number(req.headers['content-length'] ?? 0) > MAX_DRAINED_BYTES) return CLOSE;
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_DRAINED_BYTES) req.destroy();
  });
  return [];
}
