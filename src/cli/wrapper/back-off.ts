import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome } from './exchange.js';

/** How often something is tried that the gateway cannot have received. */
export const TRIES = 5;
/** First wait between tries; each one after is twice as long. */
const BASE_MS = 250;
/** An editor waits for its first answer: it hears sooner that nobody is there. */
const FIRST_BASE_MS = 100;

/** @param attempt the one that failed, from 1 */
export async function backOff(attempt: number, isFirst: boolean, ended?: AbortSignal) {
  const waitMs = (isFirst ? FIRST_BASE_MS : BASE_MS) * 2 ** (attempt - 1);
  await pause(waitMs, undefined, ended === undefined ? {} : { signal: ended }).catch(
    () => undefined,
  );
}

/** No byte has left: trying again repeats nothing. */
export function isUnsent(outcome: Outcome): boolean {
  return outcome.error !== null && !outcome.wasSent;
}

/** The gateway is starting or draining, or what stands before it waits for it. */
export function isStarting(outcome: Outcome): boolean {
  return outcome.status >= 502 && outcome.status <= 504;
}
