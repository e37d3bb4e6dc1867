import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until there is a value: for what has no event to wait for. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  withinMs = 5000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${String(withinMs)} ms`);
    await pause(5);
    await nextTurn();
  }
}
