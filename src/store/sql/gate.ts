import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from './failures.js';

/** Decides when a statement, or a whole transaction, may run. */
export interface Gate {
  run<R>(work: () => Promise<R>): Promise<R>;
}

/** For statements inside a transaction: their turn has come already. */
export const OPEN_GATE: Gate = { run: (work) => work() };

const RETRY_EVERY_MS = 20;

/**
 * One at a time. SQLite has one connection here: a statement run while a transaction is open would
 * join it, and be lost with its rollback although it reported success.
 */
export class SerialGate implements Gate {
  private tail: Promise<unknown> = Promise.resolve();

  /** @param busyTimeoutMs longest wait, from being asked, for a lock that another process holds */
  constructor(private readonly busyTimeoutMs: number) {}

  run<R>(work: () => Promise<R>): Promise<R> {
    const deadline = performance.now() + this.busyTimeoutMs;
    const turn = this.tail.then(() => whileBusy(work, deadline));
    this.tail = turn.catch(() => undefined);
    return turn;
  }
}

/**
 * Tries again while another process holds the lock. The driver's own wait would stop the event loop,
 * and every call with it.
 * @param deadline end of trying, on the clock of `performance.now()`
 */
export async function whileBusy<R>(work: () => Promise<R>, deadline: number): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch (e) {
      if (!isBusy(e) || performance.now() >= deadline) throw e;
    }
    await wait(RETRY_EVERY_MS);
  }
}
