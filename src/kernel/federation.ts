import type { JsonObject } from './catalog.js';

/** Member of our `serverInfo`: which gateway it is, however it was reached (SECURITY.md S66). */
export const INSTANCE = 'io.mcpgateway/instance';
/** Member of `_meta` in what a gateway asks another one: the instances that it comes from. */
export const VIA = 'io.mcpgateway/via';

/** Which gateway an upstream is by what it says of itself; `null` when it is none. */
export function instanceOf(serverInfo: JsonObject | null): string | null {
  const id = serverInfo?.[INSTANCE];
  return typeof id === 'string' && id !== '' ? id : null;
}
