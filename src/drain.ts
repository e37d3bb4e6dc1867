import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { Config } from './config/config.js';
import type { HouseServer } from './house-server.js';
import { DrainState } from './platform/drain-state.js';
import { Log } from './platform/log/log.js';
import { Listens } from './protocol/era/listens.js';
import { InFlight } from './protocol/in-flight.js';
import { Listeners } from './protocol/listeners.js';

const SWEEP_MS = 50;
/** After the deadline, for the answers that say so. */
const LAST_WORDS_MS = 500;

/**
 * Ends a gateway without cutting an accepted call (OPERATIONS.md §6.2): not ready at once, accepting
 * for a while, then no new connections; calls finish until the deadline, what is still open then gets
 * an error; providers flush last.
 * @param delayMs how long connections are still accepted
 */
export async function drain(app: INestApplication, delayMs: number): Promise<void> {
  const config = app.get(Config);
  const log = app.get(Log);
  const inFlight = app.get(InFlight);
  const server = app.getHttpServer() as Server;
  // Nest hands back the adapter that create-app gave it.
  const house = app.getHttpAdapter() as unknown as Pick<HouseServer, 'closeIdleConnections'>;
  app.get(DrainState).begin();
  log.info({ event: 'drain.begun', inFlight: inFlight.size });
  if (delayMs > 0) await delay(delayMs);
  const closed = new Promise<'closed'>((resolve) => {
    server.close(() => {
      resolve('closed');
    });
  });
  app.get(Listeners).closeAll();
  app.get(Listens).endAll();
  const sweep = setInterval(() => {
    house.closeIdleConnections();
  }, SWEEP_MS);
  const deadline = new AbortController();
  const late = delay(config.shutdownTimeoutMs, 'late' as const, { signal: deadline.signal });
  if ((await Promise.race([closed, late])) === 'late') {
    log.warn({ event: 'drain.deadline', inFlight: inFlight.size });
    inFlight.shutDown();
    await Promise.race([closed, delay(LAST_WORDS_MS)]);
    server.closeAllConnections();
  } else late.catch(() => undefined);
  deadline.abort();
  clearInterval(sweep);
  await app.close();
  log.info({ event: 'drain.done' });
}
